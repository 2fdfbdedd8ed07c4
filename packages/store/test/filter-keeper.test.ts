import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { filterBytes } from '../src/filter.ts';
import { FilterKeeper } from '../src/filter-keeper.ts';
import { HashIndex } from '../src/hash-index.ts';
import { createMemoryEngine } from '../src/index.ts';
import { seededBytes } from './support/chain.ts';

const key = (i: number): Uint8Array => seededBytes(`k${i}`, 32);

interface Setup {
  readonly keeper: FilterKeeper;
  /** Slices that a build may still scan; each takes one. */
  readonly permits: { count: number };
  readonly add: (from: number, to: number) => Promise<void>;
}

async function setUp(): Promise<Setup> {
  const engine = createMemoryEngine();
  const index = new HashIndex(engine, () => Promise.resolve());
  await index.load();
  const permits = { count: Number.POSITIVE_INFINITY };
  const pause = async (): Promise<void> => {
    permits.count--;
    while (permits.count <= 0) await new Promise((resolve) => setImmediate(resolve));
  };
  const keeper = new FilterKeeper({ index, randomBytes, pause });
  const add = async (from: number, to: number): Promise<void> => {
    for (let at = from; at < to; at += 1000) {
      const hashes = Array.from({ length: Math.min(1000, to - at) }, (_, i) => ({
        hash: key(at + i),
        place: { number: 0, index: at + i },
      }));
      const plan = await index.plan(hashes);
      // The order of the writer: filter first, then the commit.
      for (const { hash } of hashes) keeper.add(hash);
      await engine.commit(plan.operations);
      plan.apply();
    }
  };
  return { keeper, permits, add };
}

function missing(keeper: FilterKeeper, count: number): number {
  let missed = 0;
  for (let i = 0; i < count; i++) if (!keeper.has(key(i))) missed++;
  return missed;
}

test('before it is built the filter says perhaps to everything', async () => {
  const { keeper, permits, add } = await setUp();
  permits.count = 0;
  await add(0, 100);
  keeper.keepUp(100);
  assert.ok(keeper.has(seededBytes('stranger', 32)));
  assert.equal(keeper.bytes, 0);
  permits.count = Number.POSITIVE_INFINITY;
  await keeper.idle();
  assert.ok(!keeper.has(seededBytes('stranger', 32)));
  assert.equal(missing(keeper, 100), 0);
  await keeper.stop();
});

test('keys that come while it is built, slice by slice, are all in it', async () => {
  const { keeper, permits, add } = await setUp();
  await add(0, 40_000);
  permits.count = 3;
  keeper.keepUp(40_000);
  for (let at = 40_000; at < 60_000; at += 2000) {
    await add(at, at + 2000);
    permits.count = 25;
    await new Promise((resolve) => setImmediate(resolve));
  }
  permits.count = Number.POSITIVE_INFINITY;
  await keeper.idle();
  assert.equal(missing(keeper, 60_000), 0);
  await keeper.stop();
});

test('a full filter is rebuilt larger; at no moment is a key missing', async () => {
  const { keeper, permits, add } = await setUp();
  keeper.keepUp(0);
  await keeper.idle();
  const small = keeper.bytes;
  await add(0, 83_000);
  assert.equal(missing(keeper, 83_000), 0);
  permits.count = 10;
  keeper.keepUp(83_000);
  await add(83_000, 86_000);
  assert.equal(keeper.bytes, small, 'the small one answers until the large one is whole');
  assert.equal(missing(keeper, 86_000), 0);
  permits.count = Number.POSITIVE_INFINITY;
  await keeper.idle();
  assert.equal(keeper.bytes, filterBytes(Math.ceil(83_000 * 1.25)));
  assert.equal(missing(keeper, 86_000), 0);
  let wrong = 0;
  for (let i = 0; i < 50_000; i++) if (keeper.has(seededBytes(`stranger${i}`, 32))) wrong++;
  assert.ok(wrong < 100, `${wrong} of 50,000`);
  await keeper.stop();
});

test('stopping ends a build that waits', async () => {
  const { keeper, permits, add } = await setUp();
  await add(0, 10);
  permits.count = 1;
  keeper.keepUp(10);
  const stopped = keeper.stop();
  permits.count = Number.POSITIVE_INFINITY;
  await stopped;
  assert.equal(keeper.bytes, 0);
  keeper.keepUp(10);
  assert.ok(keeper.has(key(1)));
});
