/**
 * Memory that a ledger of a million blocks holds, over an idle Node of the same version. Two
 * figures:
 * what is in use (JavaScript heap and buffers), and what the system counts as the process's own
 * (RssAnon), which adds the room that V8 and the allocator keep for the next burst. Pages of the
 * mapped
 * store are the system's cache, given back under pressure, and shown beside it.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { genesisOf, newSigner, openBenchLedger, randomPayloads } from './support.ts';

const BLOCKS = Number(process.env['BASALT_BENCH_BLOCKS'] ?? 1_000_000);
const MIB = 1024 * 1024;

function statusBytes(status: string, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status);
  if (match === null) throw new Error(`no ${field} here: this bench needs Linux`);
  return Number(match[1]) * 1024;
}

interface Memory {
  readonly inUse: number;
  readonly anonymous: number;
  readonly mapped: number;
}

function memoryOf(usage: NodeJS.MemoryUsage, status: string): Memory {
  return {
    inUse: usage.heapUsed + usage.external,
    anonymous: statusBytes(status, 'RssAnon'),
    mapped: statusBytes(status, 'RssFile'),
  };
}

/** An idle process: started, collected, waiting. */
function idleMemory(): Memory {
  const code = `global.gc(); setTimeout(() => console.log(JSON.stringify([process.memoryUsage(),
    require('fs').readFileSync('/proc/self/status', 'utf8')])), 200)`;
  const { stdout } = spawnSync(process.execPath, ['--expose-gc', '-e', code], { encoding: 'utf8' });
  const [usage, status] = JSON.parse(stdout) as [NodeJS.MemoryUsage, string];
  return memoryOf(usage, status);
}

const idle = idleMemory();
await using bench = await openBenchLedger();
const signer = newSigner();
const writer = await bench.ledger.createNamespace(genesisOf(signer), signer);
for (let done = 0; done < BLOCKS; done += 1_000) {
  const payloads = randomPayloads(1_000, 256);
  await writer.append(payloads.map((payload) => ({ payload })));
}
await bench.ledger.flush();
for (let i = 0; i < 3; i++) {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 200));
}
const now = memoryOf(process.memoryUsage(), readFileSync('/proc/self/status', 'utf8'));
const millions = `${(BLOCKS / 1e6).toLocaleString('en')} M blocks`;
printResult(
  compare({
    name: `memory in use over idle Node, ${millions}`,
    unit: 'MiB',
    better: 'lower',
    value: (now.inUse - idle.inUse) / MIB,
    target: { value: 64 },
  }),
);
printResult(
  compare({
    name: `anonymous resident memory over idle Node, ${millions}`,
    unit: 'MiB',
    better: 'lower',
    value: (now.anonymous - idle.anonymous) / MIB,
  }),
);
printResult(
  compare({
    name: `mapped pages of the store beside it, ${millions}`,
    unit: 'MiB',
    better: 'lower',
    value: now.mapped / MIB,
  }),
);
