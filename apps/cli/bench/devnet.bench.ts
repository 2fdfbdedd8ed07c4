/**
 * `basalt devnet` as its users meet it, over JSON-RPC, beside Anvil: how long one transaction
 * takes from the request to its receipt, how many go through, what the process holds afterwards.
 * Ours signs every block, writes it to the ledger and syncs; Anvil keeps everything in memory.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processCpuSeconds } from '../../../tools/bench/cpu-time.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { anonymousMemoryMiB, type DevnetProcess, startOwn, startPeer } from './devnet-process.ts';
import { createLoad } from './rpc-load.ts';

const WARM_UP = 200;
const ONE_BY_ONE = 500;
const AT_ONCE = 8_000;
const ROUNDS_AT_ONCE = 2;

interface Measured {
  readonly name: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly idleMiB: number;
  readonly loadedMiB: number;
}

async function measure(devnet: DevnetProcess): Promise<Measured> {
  try {
    const load = await createLoad(devnet);
    await load.prepare();
    const idleMiB = anonymousMemoryMiB(devnet.pid);
    for (let index = 0; index < WARM_UP; index++) await load.commitOne();
    const times: number[] = [];
    for (let index = 0; index < ONE_BY_ONE; index++) times.push(await load.commitOne());
    times.sort((one, other) => one - other);
    let [seconds, cpu] = [0, 0];
    // The first round warms up what only many transactions use.
    for (let round = 0; round <= ROUNDS_AT_ONCE; round++) {
      const cpuBefore = processCpuSeconds(devnet.pid) ?? 0;
      const spent = await load.commitMany(AT_ONCE);
      if (round === 0) continue;
      seconds += spent;
      cpu += (processCpuSeconds(devnet.pid) ?? 0) - cpuBefore;
    }
    const transactions = AT_ONCE * ROUNDS_AT_ONCE;
    return {
      name: devnet.name,
      p50Ms: times[Math.floor(times.length * 0.5)] ?? Number.NaN,
      p99Ms: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
      perSecond: transactions / seconds,
      perCpuSecond: transactions / cpu,
      idleMiB,
      loadedMiB: anonymousMemoryMiB(devnet.pid),
    };
  } finally {
    await devnet.stop();
  }
}

const LINES = [
  ['devnet: one transaction, from request to receipt, p50', 'ms', 'lower', 'p50Ms'],
  ['devnet: one transaction, from request to receipt, p99', 'ms', 'lower', 'p99Ms'],
  ['devnet: signed ERC-20 transfers over JSON-RPC', 'tx/s', 'higher', 'perSecond'],
  ['devnet: the same, per processor second', 'tx/CPU-s', 'higher', 'perCpuSecond'],
  ['devnet: memory after its start', 'MiB', 'lower', 'idleMiB'],
  ['devnet: memory after 25,000 transactions', 'MiB', 'lower', 'loadedMiB'],
] as const;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(process.env['BASALT_BENCH_DIR'] ?? tmpdir(), 'basalt-devnet-'));
  try {
    const ours = await measure(await startOwn(folder));
    const peer = await measure(await startPeer());
    for (const [name, unit, better, field] of LINES) {
      printResult(
        compare({
          name,
          unit,
          better,
          value: ours[field],
          peer: { name: peer.name, value: peer[field] },
        }),
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
