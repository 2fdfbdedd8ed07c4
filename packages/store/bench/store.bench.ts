/**
 * The log store over LMDB beside LMDB with a row for everything: appends in groups of 1,000, 100
 * and 1 (the worst case: a sync for each block), reads hot and cold, look-ups, bytes on the disk,
 * fsck. Blocks are made before the clock runs; entries are 210 bytes, payloads 256 random ones.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlockHash } from '@basalt/protocol';
import { cpuCompared, cpuTimed } from '../../../tools/bench/cpu-time.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import {
  createLmdbEngine,
  createLogStore,
  type EngineLogStore,
  fsck,
  type NamespaceAppend,
} from '../src/index.ts';
import { seededBytes, TestChain } from '../test/support/chain.ts';
import { openNaiveLog } from './naive.ts';

const PEER = 'LMDB, a row each';
const PAYLOAD_BYTES = 256;
const ROUNDS = 3;
/** Groups of 1,000 per round; with one round to warm up 240,000 blocks in all. */
const GROUPS = Number(process.env['BASALT_BENCH_GROUPS'] ?? 60);

const folder = mkdtempSync(join(tmpdir(), 'basalt-bench-store-'));
const ourPath = join(folder, 'ours');
const openOurs = async (cacheBytes?: number): Promise<EngineLogStore> =>
  createLogStore(
    await createLmdbEngine({ path: ourPath }),
    cacheBytes === undefined ? {} : { cacheBytes },
  );

let store = await openOurs();
const naive = openNaiveLog(join(folder, 'naive'));
const chain = new TestChain(1);

/** Appends of all rounds, made beforehand; ours and the peer take the same. */
function prepare(groups: number, size: number): NamespaceAppend[] {
  return Array.from({ length: groups * (ROUNDS + 1) }, () => chain.grow(size, PAYLOAD_BYTES));
}

async function benchAppend(groups: number, size: number, target?: number): Promise<void> {
  const appends = prepare(groups, size);
  const [oursLeft, peerLeft] = [[...appends], [...appends]];
  const { ours, peer } = await cpuCompared(
    {
      ours: async () => {
        for (const append of oursLeft.splice(0, groups)) await store.append(append);
        return groups * size;
      },
      peer: async () => {
        for (const append of peerLeft.splice(0, groups)) await naive.append(append);
        return groups * size;
      },
    },
    { rounds: ROUNDS },
  );
  printResult(
    compare({
      name: `store: append, 256 B, groups of ${size.toLocaleString('en')}, synced`,
      unit: 'blocks/CPU-s',
      value: ours.perCpuSecond,
      peer: { name: PEER, value: peer.perCpuSecond },
      ...(target === undefined ? {} : { target: { value: target } }),
    }),
  );
  if (size > 1) return;
  printResult(
    compare({
      name: 'store: one append at a time, as a caller waits for it',
      unit: 'ms/block',
      better: 'lower',
      value: 1000 / ours.perWallSecond,
      peer: { name: PEER, value: 1000 / peer.perWallSecond },
    }),
  );
}

await benchAppend(GROUPS, 1000, 100_000);
const size = chain.size;
const perBlock = ((await store.stats()).diskBytes - PAYLOAD_BYTES * size) / size;
printResult(
  compare({
    name: `store: bytes beside the payload, ${size.toLocaleString('en')} blocks`,
    unit: 'B/block',
    better: 'lower',
    value: perBlock,
    peer: { name: PEER, value: (naive.bytes() - PAYLOAD_BYTES * size) / size },
    target: { value: PAYLOAD_BYTES },
  }),
);
await benchAppend(100, 100);
await benchAppend(200, 1);

/** Indices that follow no order and come back the same in each run. */
function scattered(i: number, below: number): number {
  return (Math.imul(i, 0x9e3779b1) >>> 0) % below;
}

async function benchRead(
  name: string,
  count: number,
  read: (i: number) => Promise<unknown>,
  target?: number,
): Promise<void> {
  const { ours, peer } = await cpuCompared({
    ours: async () => {
      for (let i = 0; i < count; i++) if ((await read(i)) === undefined) throw new Error(name);
      return count;
    },
    peer: () => {
      for (let i = 0; i < 20_000; i++) naive.entry(scattered(i, size));
      return 20_000;
    },
  });
  printResult(
    compare({
      name: `store: ${name}`,
      unit: 'reads/CPU-s',
      value: ours.perCpuSecond,
      peer: { name: `${PEER}, entry by index`, value: peer.perCpuSecond },
      ...(target === undefined ? {} : { target: { value: target } }),
    }),
  );
}

const last = chain.size - 1;
const { namespace } = chain;
await benchRead('entry by index, hot', 20_000, (i) => store.entry(namespace, last - (i % 10_000)));
await benchRead('payload by index, hot', 20_000, (i) => {
  return store.payload(namespace, last - (i % 10_000));
});
await store.filterReady();
const hashOf = (i: number): BlockHash => chain.blocks[i]?.blockHash as BlockHash;
await benchRead('locate by hash, hot', 20_000, (i) => store.locate(hashOf(last - (i % 10_000))));

let visited = 0;
await benchRead('worst case: locate by hash, each for the first time', 20_000, () => {
  return store.locate(hashOf(scattered(visited++, size)));
});

const strangers = Array.from({ length: 50_000 }, (_, i) => seededBytes(`s${i}`, 32) as BlockHash);
const negative = await cpuTimed(async () => {
  for (const hash of strangers) await store.locate(hash);
  return strangers.length;
});
printResult(
  compare({
    name: 'store: locate what is not there (filter)',
    unit: 'reads/CPU-s',
    value: negative.perCpuSecond,
  }),
);
await store.close();

const opened = await cpuTimed(
  async () => {
    store = await openOurs(0);
    await store.filterReady();
    await store.close();
    return 1;
  },
  { rounds: 3 },
);
printResult(
  compare({
    name: `store: open with ${chain.size.toLocaleString('en')} blocks, filter built`,
    unit: 'ms',
    better: 'lower',
    value: opened.wallSeconds * 1000,
  }),
);
store = await openOurs(0);
await store.filterReady();
await benchRead('worst case: entry by index, nothing cached', 2_000, (i) => {
  return store.entry(namespace, scattered(i, size));
});
await benchRead('worst case: payload by index, nothing cached', 2_000, (i) => {
  return store.payload(namespace, scattered(i, size));
});
const walk = await cpuTimed(
  async () => {
    let checked = 0;
    for await (const event of fsck(store)) {
      if (event.kind === 'finding') throw new Error(event.message);
      if (event.kind === 'summary') checked = event.blocks;
    }
    return checked;
  },
  { rounds: 1, warmups: 0 },
);
printResult(
  compare({
    name: 'store: fsck, everything but signatures',
    unit: 'blocks/CPU-s',
    value: walk.perCpuSecond,
  }),
);

await store.close();
await naive.close();
rmSync(folder, { recursive: true, force: true });
