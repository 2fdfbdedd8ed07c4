/**
 * Durable appends of signed blocks beside hypercore's appends, which sign but do not sync.
 * Normal case: many appends in flight, one block each, under group commit. Worst case: one at a
 * time, a sync for each. Hypercore's own best mode (one signature for a thousand blocks) is shown
 * too,
 * although it does other work.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuCompared } from '../../../tools/bench/cpu-time.ts';
import { loadPeer } from '../../../tools/bench/peers.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { genesisOf, newSigner, openBenchLedger, randomPayloads } from './support.ts';

interface Hypercore {
  ready(): Promise<void>;
  append(blocks: Uint8Array | Uint8Array[]): Promise<unknown>;
  close(): Promise<void>;
}

const IN_FLIGHT = 1_000;
const peerName = 'hypercore 11.37.1';

const Core = loadPeer('hypercore') as new (folder: string) => Hypercore;
const folder = mkdtempSync(join(tmpdir(), 'basalt-bench-core-'));
const core = new Core(folder);
await core.ready();

await using bench = await openBenchLedger();
const signer = newSigner();
const writer = await bench.ledger.createNamespace(genesisOf(signer), signer);

async function appendInFlight(payloads: readonly Uint8Array[]): Promise<number> {
  for (let i = 0; i < payloads.length; i += IN_FLIGHT) {
    const part = payloads.slice(i, i + IN_FLIGHT);
    await Promise.all(part.map((payload) => writer.append([{ payload }])));
  }
  return payloads.length;
}

const many = randomPayloads(20_000, 256);
const single = await cpuCompared({
  ours: () => appendInFlight(many),
  peer: async () => {
    for (const payload of many.slice(0, 5_000)) await core.append(payload);
    return 5_000;
  },
});
printResult(
  compare({
    name: 'durable append, signed, 256 B, group commit',
    unit: 'blocks/CPU-s',
    value: single.ours.perCpuSecond,
    peer: { name: `${peerName}, one a call, no sync`, value: single.peer.perCpuSecond },
    target: { value: 20_000, ratio: 2 },
  }),
);

const batch = await cpuCompared({
  ours: async () => {
    for (let i = 0; i < many.length; i += 1_000) {
      await writer.append(many.slice(i, i + 1_000).map((payload) => ({ payload })));
    }
    return many.length;
  },
  peer: async () => {
    for (let i = 0; i < many.length; i += 1_000) await core.append(many.slice(i, i + 1_000));
    return many.length;
  },
});
printResult(
  compare({
    name: 'durable append, 1,000 a call: every block signed, synced',
    unit: 'blocks/CPU-s',
    value: batch.ours.perCpuSecond,
    peer: { name: `${peerName}, one signature for 1,000, no sync`, value: batch.peer.perCpuSecond },
  }),
);

const few = randomPayloads(300, 256);
const worst = await cpuCompared({
  ours: async () => {
    for (const payload of few) await writer.append([{ payload }]);
    return few.length;
  },
  peer: async () => {
    for (const payload of few) await core.append(payload);
    return few.length;
  },
});
printResult(
  compare({
    name: 'worst case: one durable append at a time, a sync for each',
    unit: 'blocks/CPU-s',
    value: worst.ours.perCpuSecond,
    peer: { name: `${peerName}, no sync`, value: worst.peer.perCpuSecond },
  }),
);
printResult(
  compare({
    name: 'the same, as a person waits for it',
    unit: 'ms/block',
    better: 'lower',
    value: 1000 / worst.ours.perWallSecond,
  }),
);
await core.close();
rmSync(folder, { recursive: true, force: true });
