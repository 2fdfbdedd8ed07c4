import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type CommitFault,
  createLogStore,
  createMemoryEngine,
  createMemoryStorage,
  type EngineLogStore,
  fsck,
  type NamespaceAppend,
  StoreError,
} from '../src/index.ts';
import { seededBytes, TestChain } from './support/chain.ts';

/** One step of a random history. */
type Step =
  | {
      readonly kind: 'append';
      readonly chain: number;
      readonly count: number;
      readonly size: number;
    }
  | { readonly kind: 'stale'; readonly chain: number; readonly by: number }
  | { readonly kind: 'together'; readonly counts: readonly number[] }
  | { readonly kind: 'race'; readonly counts: readonly number[] }
  | { readonly kind: 'fault'; readonly fault: CommitFault; readonly count: number }
  | {
      readonly kind: 'restore';
      readonly chain: number;
      readonly part: number;
      readonly more: number;
      readonly lost: number;
    }
  | { readonly kind: 'prune'; readonly chain: number; readonly part: number }
  | { readonly kind: 'drop'; readonly chain: number; readonly parts: readonly number[] }
  | { readonly kind: 'record'; readonly name: number; readonly value: number | undefined }
  | { readonly kind: 'reopen' };

const CHAINS = 3;
const chainIndex = fc.nat(CHAINS - 1);
// Around the widths of bundles and past them; sizes around the bound of inline payloads.
const blockCount = fc.oneof(
  fc.integer({ min: 1, max: 4 }),
  fc.integer({ min: 250, max: 260 }),
  fc.integer({ min: 500, max: 600 }),
);
const payloadSize = fc.constantFrom(0, 1, 30, 256, 3000, 16_384, 16_385);
const fault = fc.record({
  code: fc.constantFrom<'io' | 'disk-full'>('io', 'disk-full'),
  persisted: fc.boolean(),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      chain: chainIndex,
      count: blockCount,
      size: payloadSize,
    }),
  },
  fc.record({
    kind: fc.constant('stale' as const),
    chain: chainIndex,
    by: fc.integer({ min: -2, max: 2 }),
  }),
  fc.record({
    kind: fc.constant('together' as const),
    counts: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: CHAINS, maxLength: CHAINS }),
  }),
  fc.record({
    kind: fc.constant('race' as const),
    counts: fc.array(fc.integer({ min: 1, max: 130 }), { minLength: 2, maxLength: 5 }),
  }),
  fc.record({ kind: fc.constant('fault' as const), fault, count: blockCount }),
  fc.record({
    kind: fc.constant('prune' as const),
    chain: chainIndex,
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant('drop' as const),
    chain: chainIndex,
    parts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }),
  }),
  fc.record({
    kind: fc.constant('restore' as const),
    chain: chainIndex,
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    more: fc.nat(300),
    /** Of each hundred, not to be had. */
    lost: fc.nat(20),
  }),
  fc.record({
    kind: fc.constant('record' as const),
    name: fc.nat(4),
    value: fc.option(fc.nat(255), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('reopen' as const) }),
);

/** The naive model: what the store must answer. */
class World {
  readonly storage = createMemoryStorage();
  readonly chains: TestChain[] = Array.from({ length: CHAINS }, (_, i) => new TestChain(i + 1));
  readonly prunedTo: number[] = Array.from({ length: CHAINS }, () => 0);
  readonly dropped: Set<number>[] = Array.from({ length: CHAINS }, () => new Set());
  readonly records = new Map<string, Uint8Array>();
  fault: CommitFault | undefined;
  store: EngineLogStore | undefined;

  async open(): Promise<EngineLogStore> {
    const engine = createMemoryEngine({
      storage: this.storage,
      commitFault: () => {
        const fault = this.fault;
        this.fault = undefined;
        return fault;
      },
    });
    // A small cache, so that rows are read again and again.
    this.store = await createLogStore(engine, { cacheBytes: 200_000 });
    return this.store;
  }

  chain(index: number): TestChain {
    return this.chains[index] as TestChain;
  }
}

async function run(world: World, action: Step): Promise<void> {
  const store = world.store ?? (await world.open());
  const chain = 'chain' in action ? world.chain(action.chain) : world.chain(0);
  switch (action.kind) {
    case 'append':
      await store.append(
        chain.grow(action.count, action.count > 4 ? Math.min(action.size, 300) : action.size),
      );
      return;
    case 'stale': {
      const fake = new TestChain(1).grow(1);
      const expectedSize = Math.max(0, chain.size + action.by);
      const append = { ...fake, namespace: chain.namespace, expectedSize };
      const head = { ...append, expectedHead: seededBytes('nobody', 32) as never };
      await rejectsWith('conflict', store.append(head));
      return;
    }
    case 'together': {
      const record = { name: 'together', value: Uint8Array.of(action.counts.length) };
      await store.appendAll(
        action.counts.map((count, i) => world.chain(i).grow(count, 40)),
        [record],
      );
      world.records.set(record.name, record.value);
      return;
    }
    case 'race':
      // All in flight at once: they end up in one or two groups.
      await Promise.all(
        action.counts.map((count, i) => store.append(world.chain(i % CHAINS).grow(count, 64))),
      );
      return;
    case 'fault':
      await fail(world, store, action);
      return;
    case 'prune': {
      const before = Math.floor(action.part * (chain.size + 2));
      const from = world.prunedTo[action.chain] ?? 0;
      const to = Math.max(from, Math.min(before, chain.size));
      const count = countHeld(world, action.chain, from, to);
      assert.equal(await store.prunePayloads(chain.namespace, before), count);
      world.prunedTo[action.chain] = to;
      return;
    }
    case 'drop': {
      const indexes = action.parts.map((part) => Math.floor(part * (chain.size + 2)));
      const dropped = world.dropped[action.chain] as Set<number>;
      const held = (index: number): boolean => countHeld(world, action.chain, index, index + 1) > 0;
      const count = new Set(indexes.filter(held)).size;
      assert.equal(await store.dropPayloads(chain.namespace, indexes), count);
      for (const index of indexes) if (index < chain.size) dropped.add(index);
      return;
    }
    case 'restore':
      await restore(world, store, action);
      return;
    case 'record': {
      const name = `record/${action.name}`;
      const value = action.value === undefined ? undefined : Uint8Array.of(action.value);
      await store.putRecords([{ name, value }]);
      if (value === undefined) world.records.delete(name);
      else world.records.set(name, value);
      return;
    }
    case 'reopen':
      await store.close();
      await world.open();
  }
}

/** Payloads come back from somewhere that has lost some itself. */
async function restore(
  world: World,
  store: EngineLogStore,
  { chain: number, part, more, lost }: Extract<Step, { kind: 'restore' }>,
): Promise<void> {
  const chain = world.chain(number);
  const dropped = world.dropped[number] as Set<number>;
  const prunedTo = world.prunedTo[number] ?? 0;
  const from = Math.floor(part * chain.size);
  const to = Math.min(chain.size, Math.max(from, prunedTo) + more);
  const isLost = (index: number): boolean => (index * 37) % 100 < lost;
  const given = chain.blocks.slice(from, to);
  const held = countHeld(world, number, from, to);
  for (const { index } of given) {
    if (!isLost(index)) dropped.delete(index);
    else if (index < prunedTo) dropped.add(index);
  }
  const payloads = given.map(({ index, payload }) => (isLost(index) ? undefined : payload));
  world.prunedTo[number] = Math.min(prunedTo, from);
  const expected = countHeld(world, number, from, to) - held;
  assert.equal(await store.restorePayloads(chain.namespace, from, payloads), expected);
}

/** Payloads of [from, to) that the model still has. */
function countHeld(world: World, chain: number, from: number, to: number): number {
  const start = Math.max(from, world.prunedTo[chain] ?? 0);
  let count = 0;
  for (let index = start; index < Math.min(to, world.chain(chain).size); index++) {
    if (world.dropped[chain]?.has(index) !== true) count++;
  }
  return count;
}

/** A commit fails: the model follows what the disk holds, and the store must see the same. */
async function fail(
  world: World,
  store: EngineLogStore,
  action: Extract<Step, { kind: 'fault' }>,
): Promise<void> {
  const chain = world.chain(1);
  const append: NamespaceAppend = chain.grow(action.count, 50);
  world.fault = action.fault;
  await rejectsWith(action.fault.code, store.append(append));
  const size = (await store.head(chain.namespace))?.size ?? 0;
  assert.equal(size, action.fault.persisted ? chain.size : append.expectedSize);
  if (action.fault.persisted) await rejectsWith('conflict', store.append(append));
  else await store.append(append);
}

async function rejectsWith(code: string, promise: Promise<void>): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof StoreError && error.code === code);
}

async function assertSame(world: World, store: EngineLogStore): Promise<void> {
  for (const [i, chain] of world.chains.entries()) {
    const head = await store.head(chain.namespace);
    assert.equal(head?.size ?? 0, chain.size);
    if (chain.size === 0) continue;
    assert.deepEqual(head?.headHash, chain.head);
    assert.deepEqual(head?.edge, chain.edge);
    const entries = chain.blocks.map((block) => block.entry);
    assert.deepEqual(await store.entries(chain.namespace, 0, chain.size), entries);
    for (let index = 0; index < chain.size; index += 1 + Math.floor(chain.size / 40)) {
      const block = chain.blocks[index];
      assert.ok(block !== undefined);
      const place = { namespace: chain.namespace, index };
      assert.deepEqual(await store.locate(block.blockHash), place);
      const payload = store.payload(chain.namespace, index);
      if (index < (world.prunedTo[i] ?? 0))
        await rejectsWith(
          'pruned',
          payload.then(() => undefined),
        );
      else if (world.dropped[i]?.has(index)) assert.equal(await payload, undefined);
      else assert.deepEqual(await payload, block.payload);
    }
    for (const [name, bytes] of chain.tiles) {
      const [level = 0, index = 0] = name.split('/').map(Number);
      assert.deepEqual(await store.tile(chain.namespace, level, index), bytes);
    }
  }
  const records = new Map<string, Uint8Array>();
  for await (const { name, value } of store.records('')) records.set(name, value);
  assert.deepEqual(records, world.records);
}

test('any history, faults and reopening included, equals the naive model', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const world = new World();
      await world.open();
      for (const action of steps) await run(world, action);
      assert.ok(world.store !== undefined);
      await assertSame(world, world.store);
      await world.store.close();
      const store = await world.open();
      await assertSame(world, store);
      for await (const event of fsck(store)) {
        assert.ok(event.kind !== 'finding', `fsck: ${JSON.stringify(event)}`);
      }
      await store.close();
    }),
    { numRuns: 40 },
  );
});
