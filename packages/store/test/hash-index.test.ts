import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HashIndex } from '../src/hash-index.ts';
import {
  findInRun,
  mergeRuns,
  RUN_RECORD_BYTES,
  sortRecords,
  splitRun,
  writeRecord,
} from '../src/hash-run.ts';
import { createMemoryEngine, createMemoryStorage, type MemoryStorage } from '../src/index.ts';
import { seededBytes } from './support/chain.ts';

const settled = (): Promise<void> => Promise.resolve();

async function openIndex(storage: MemoryStorage): Promise<HashIndex> {
  const index = new HashIndex(createMemoryEngine({ storage }), settled);
  await index.load();
  return index;
}

/** Adds keys [from, to) in groups. */
async function fill(
  storage: MemoryStorage,
  index: HashIndex,
  range: { from: number; to: number; group: number },
): Promise<void> {
  const engine = createMemoryEngine({ storage });
  for (let at = range.from; at < range.to; at += range.group) {
    const count = Math.min(range.group, range.to - at);
    const hashes = Array.from({ length: count }, (_, i) => ({
      hash: seededBytes(`h${at + i}`, 32),
      place: { number: (at + i) % 7, index: at + i },
    }));
    const plan = await index.plan(hashes);
    await engine.commit(plan.operations);
    plan.apply();
  }
}

async function assertFinds(index: HashIndex, count: number, step: number): Promise<void> {
  for (let i = 0; i < count; i += step) {
    const found = await index.find(seededBytes(`h${i}`, 32));
    assert.deepEqual(found, [{ number: i % 7, index: i }]);
  }
  for (let i = 0; i < 200; i++) {
    assert.deepEqual(await index.find(seededBytes(`stranger${i}`, 32)), []);
  }
}

async function assertScans(index: HashIndex, count: number): Promise<void> {
  const seen = new Set<number>();
  let records = 0;
  for (let slice = 0; slice < 256; slice++) {
    await index.scanSlice(slice, (prefix, { index: at }) => {
      records++;
      if (at % 97 === 0) assert.deepEqual(prefix, seededBytes(`h${at}`, 32).slice(0, 16));
      seen.add(at);
    });
  }
  assert.equal(records, count);
  assert.equal(seen.size, count);
}

test('150,000 keys through waiting, young and old runs: found, scanned, reopened', async () => {
  const storage = createMemoryStorage();
  const index = await openIndex(storage);
  await fill(storage, index, { from: 0, to: 30_000, group: 1000 });
  await assertFinds(index, 30_000, 991);
  await fill(storage, index, { from: 30_000, to: 100_000, group: 777 });
  await assertFinds(index, 100_000, 991);
  await assertScans(index, 100_000);
  const again = await openIndex(storage);
  await assertFinds(again, 100_000, 997);
  await fill(storage, again, { from: 100_000, to: 150_000, group: 5000 });
  await assertFinds(again, 150_000, 1009);
  await assertScans(again, 150_000);
  // Log rows whose records are in runs are gone: what waits is bounded, and so are they.
  const logRows = (storage.tables.get('hashes') ?? []).filter(({ key }) => key[0] === 1);
  const logged = logRows.reduce((sum, { value }) => sum + value.length / 25, 0);
  assert.ok(logged < 2 * 32_768 + 10_000, `${logged} keys in log rows`);
});

test('a plan that was not committed leaves no trace', async () => {
  const storage = createMemoryStorage();
  const index = await openIndex(storage);
  await fill(storage, index, { from: 0, to: 40_000, group: 1000 });
  await index.plan([{ hash: seededBytes('lost', 32), place: { number: 1, index: 1 } }]);
  assert.deepEqual(await index.find(seededBytes('lost', 32)), []);
  await fill(storage, index, { from: 40_000, to: 42_000, group: 1000 });
  await assertFinds(index, 42_000, 499);
  await assertScans(index, 42_000);
});

test('old runs: a slice with more keys than a young run holds', async () => {
  const storage = createMemoryStorage();
  const index = await openIndex(storage);
  const engine = createMemoryEngine({ storage });
  const key = (i: number): Uint8Array => {
    const hash = seededBytes(`o${i}`, 32);
    // All in three slices, so that 50,000 keys make long runs.
    hash[0] = i % 3;
    return hash;
  };
  const count = 50_000;
  for (let at = 0; at < count; at += 1000) {
    const hashes = Array.from({ length: 1000 }, (_, i) => ({
      hash: key(at + i),
      place: { number: 1, index: at + i },
    }));
    const plan = await index.plan(hashes);
    await engine.commit(plan.operations);
    plan.apply();
  }
  assert.ok(index.manifest(0).old.records > 4096);
  for (let i = 0; i < count; i += 211) {
    assert.deepEqual(await index.find(key(i)), [{ number: 1, index: i }]);
  }
  const again = await openIndex(storage);
  for (let i = 0; i < count; i += 1013) {
    assert.deepEqual(await again.find(key(i)), [{ number: 1, index: i }]);
  }
});

test('two blocks whose hashes agree in 16 bytes are both found', async () => {
  const storage = createMemoryStorage();
  const index = await openIndex(storage);
  const engine = createMemoryEngine({ storage });
  const hash = seededBytes('twin', 32);
  for (const at of [0, 40_000]) {
    const plan = await index.plan([{ hash, place: { number: 3, index: at } }]);
    await engine.commit(plan.operations);
    plan.apply();
    await fill(storage, index, { from: at + 1, to: at + 39_000, group: 1000 });
  }
  const found = await index.find(hash);
  assert.deepEqual(new Set(found.map((place) => place.index)), new Set([0, 40_000]));
});

test('the largest place fits: namespace 2^32 - 1, index 2^40 - 1', async () => {
  const storage = createMemoryStorage();
  const index = await openIndex(storage);
  const engine = createMemoryEngine({ storage });
  const place = { number: 2 ** 32 - 1, index: 2 ** 40 - 1 };
  const plan = await index.plan([{ hash: seededBytes('far', 32), place }]);
  await engine.commit(plan.operations);
  plan.apply();
  assert.deepEqual(await index.find(seededBytes('far', 32)), [place]);
  assert.deepEqual(await (await openIndex(storage)).find(seededBytes('far', 32)), [place]);
});

test('runs merge like sorting the whole, and rows cut them without loss', () => {
  const make = (prefix: string, count: number): Uint8Array => {
    const records = new Uint8Array(count * RUN_RECORD_BYTES);
    for (let i = 0; i < count; i++) {
      writeRecord(records, i * RUN_RECORD_BYTES, seededBytes(`${prefix}${i}`, 32), {
        number: 1,
        index: i,
      });
    }
    return records;
  };
  for (const [a, b] of [
    [0, 0],
    [0, 5],
    [5, 0],
    [1, 1],
    [3000, 100],
    [10, 2000],
  ] as const) {
    const [left, right] = [make('l', a), make('r', b)];
    const whole = new Uint8Array(left.length + right.length);
    whole.set(left);
    whole.set(right, left.length);
    const merged = mergeRuns(sortRecords(left), sortRecords(right));
    assert.deepEqual(merged, sortRecords(whole));
    for (const chunks of [1, 2, 7]) {
      const parts = splitRun(merged, chunks);
      assert.equal(parts.length, chunks);
      assert.equal(
        parts.reduce((sum, part) => sum + part.length, 0),
        merged.length,
      );
    }
    for (let i = 0; i < a; i += 501) {
      assert.deepEqual(findInRun(merged, seededBytes(`l${i}`, 32)), [{ number: 1, index: i }]);
    }
  }
});
