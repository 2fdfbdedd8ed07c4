import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type AccountChange, type AccountDump, keccak256, stateRoot } from '@basalt/evm';
import { createMemoryTables, MemoryTablesStorage, type OrderedTables } from '@basalt/store';
import fc from 'fast-check';
import { createStateEngine, STATE_TABLES } from '../../src/state/tables.ts';
import type { WorldState } from '../../src/state/types.ts';
import { createWorldState } from '../../src/state/world-state.ts';
import { verifyTrieProof } from '../../src/trie/verify-proof.ts';

const EMPTY_CODE_HASH = keccak256(new Uint8Array(0));
const WINDOW = 4;
const ADDRESSES = Array.from({ length: 12 }, (_, index) => new Uint8Array(20).fill(index + 1));
const SLOTS = Array.from({ length: 10 }, (_, index) => new Uint8Array(32).with(31, index));

/** The whole state as plain maps: slow and obvious. */
type Model = ReadonlyMap<
  number,
  { nonce: bigint; balance: bigint; codeHash: Uint8Array; slots: ReadonlyMap<number, number> }
>;

interface Change {
  readonly address: number;
  readonly kind: 'set' | 'delete' | 'clear';
  readonly balance: bigint;
  readonly slots: readonly (readonly [number, number])[];
  readonly code: boolean;
}

const change: fc.Arbitrary<Change> = fc.record({
  address: fc.nat(ADDRESSES.length - 1),
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constant('set' as const) },
    { weight: 1, arbitrary: fc.constant('delete' as const) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  ),
  balance: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  slots: fc.array(fc.tuple(fc.nat(SLOTS.length - 1), fc.nat(2)), { maxLength: 6 }),
  code: fc.boolean(),
});

type Step =
  | { readonly kind: 'block'; readonly changes: readonly Change[] }
  | { readonly kind: 'rewind'; readonly back: number }
  | { readonly kind: 'flush' }
  /** A block that comes while others are on their way to the engine. */
  | { readonly kind: 'race'; readonly changes: readonly Change[] }
  | { readonly kind: 'reopen' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('block' as const),
      changes: fc.array(change, { maxLength: 8 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('rewind' as const), back: fc.nat(WINDOW) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'flush' } as const) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('race' as const),
      changes: fc.array(change, { maxLength: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' } as const) },
);

const word = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const codeOf = (address: number): Uint8Array => new Uint8Array(5).fill(address + 1);

function toAccountChange({ address, kind, balance, slots, code }: Change): AccountChange {
  const own = codeOf(address);
  return {
    address: ADDRESSES[address] as Uint8Array,
    account:
      kind === 'delete'
        ? undefined
        : { nonce: 1n, balance, codeHash: code ? keccak256(own) : EMPTY_CODE_HASH },
    ...(code && kind !== 'delete' ? { code: own } : {}),
    storageCleared: kind !== 'set',
    storage:
      kind === 'delete'
        ? []
        : slots.map(([slot, value]) => ({
            slot: SLOTS[slot] as Uint8Array,
            value: word(value),
          })),
  };
}

function applyChange(model: Model, { address, kind, balance, slots, code }: Change): Model {
  const next = new Map(model);
  if (kind === 'delete') {
    next.delete(address);
    return next;
  }
  const before = kind === 'clear' ? [] : [...(model.get(address)?.slots ?? [])];
  const after = new Map(before);
  for (const [slot, value] of slots) {
    if (value === 0) after.delete(slot);
    else after.set(slot, value);
  }
  const codeHash = code ? keccak256(codeOf(address)) : EMPTY_CODE_HASH;
  next.set(address, { nonce: 1n, balance, codeHash, slots: after });
  return next;
}

function rootOf(model: Model): Uint8Array {
  const accounts: AccountDump[] = [...model].map(([address, { slots, ...account }]) => ({
    address: ADDRESSES[address] as Uint8Array,
    account,
    storage: [...slots].map(([slot, value]) => ({
      slot: SLOTS[slot] as Uint8Array,
      value: word(value),
    })),
  })) as unknown as AccountDump[];
  return stateRoot(accounts);
}

/** Everything a caller can ask of a block agrees with the model. */
function checkBlock(world: WorldState, number: number, model: Model): void {
  const view = world.at(number);
  assert.ok(view !== undefined);
  for (const [index, address] of ADDRESSES.entries()) {
    const expected = model.get(index);
    const account = view.readAccount(address);
    assert.equal(account?.balance, expected?.balance);
    assert.equal(account?.nonce, expected?.nonce);
    assert.deepEqual(account?.codeHash, expected?.codeHash);
    if (account !== undefined) {
      const code = view.readCode(account.codeHash);
      assert.deepEqual(keccak256(code), account.codeHash);
    }
    assert.equal(view.hasStorage(address), (expected?.slots.size ?? 0) > 0);
    for (const [slotIndex, slot] of SLOTS.entries()) {
      const value = view.readStorage(address, slot);
      assert.deepEqual(value, word(expected?.slots.get(slotIndex) ?? 0));
    }
  }
}

function checkProofs(world: WorldState, number: number, model: Model, pick: number): void {
  const index = pick % ADDRESSES.length;
  const address = ADDRESSES[index] as Uint8Array;
  const proof = world.prove(number, address, SLOTS);
  const expected = model.get(index);
  const leaf = verifyTrieProof(rootOf(model), keccak256(address), proof.nodes);
  assert.equal(leaf !== undefined, expected !== undefined);
  assert.equal(proof.account?.balance, expected?.balance);
  for (const [slotIndex, { value, nodes, slot }] of proof.storage.entries()) {
    assert.deepEqual(value, word(expected?.slots.get(slotIndex) ?? 0));
    const found = verifyTrieProof(proof.storageRoot, keccak256(slot), nodes);
    assert.equal(found !== undefined, expected?.slots.has(slotIndex) ?? false);
  }
}

async function runSteps(
  openEngine: () => OrderedTables | Promise<OrderedTables>,
  steps: readonly Step[],
  pick: number,
): Promise<void> {
  const open = async (): Promise<WorldState> =>
    createWorldState({
      engine: await openEngine(),
      windowBlocks: WINDOW,
      trieBytes: 0,
      cacheBytes: 8_000,
    });
  let world = await open();
  let models: Model[] = [];
  const genesis: Model = new Map();
  const commit = (model: Model, changes: readonly Change[]): void => {
    const staged = world.stage(changes.map(toAccountChange));
    const root = rootOf(model);
    assert.deepEqual(staged.root, root);
    const other = world.stage([]);
    world.commit(staged, word(models.length));
    assert.throws(() => world.commit(other, word(0)), /head is/);
    assert.deepEqual(world.root, root);
    models.push(model);
  };
  commit(genesis, []);
  for (const each of steps) {
    if (each.kind === 'block') {
      commit(each.changes.reduce(applyChange, models.at(-1) as Model), each.changes);
    } else if (each.kind === 'race') {
      const flushed = world.flush();
      await Promise.resolve();
      commit(each.changes.reduce(applyChange, models.at(-1) as Model), each.changes);
      await setImmediate();
      commit(models.at(-1) as Model, []);
      checkBlock(world, world.oldest, models[world.oldest] as Model);
      await flushed;
    } else if (each.kind === 'rewind') {
      const to = Math.max(world.oldest, world.number - each.back);
      world.rewind(to);
      models = models.slice(0, to + 1);
    } else {
      await world.flush();
      if (each.kind === 'reopen') {
        await world.close();
        world = await open();
      }
    }
    assert.equal(world.number, models.length - 1);
    assert.deepEqual(world.root, rootOf(models.at(-1) as Model));
    const { accounts, slots } = world.stats();
    const head = models.at(-1) as Model;
    assert.equal(accounts, head.size);
    assert.equal(
      slots,
      [...head.values()].reduce((sum, account) => sum + account.slots.size, 0),
    );
    const number = world.oldest + (pick % (world.number - world.oldest + 1));
    checkBlock(world, number, models[number] as Model);
    checkProofs(world, number, models[number] as Model, pick);
    assert.deepEqual(world.blockHash(number), word(number));
    if (world.oldest > 0) assert.equal(world.at(world.oldest - 1), undefined);
  }
  for (let number = world.oldest; number <= world.number; number++) {
    checkBlock(world, number, models[number] as Model);
  }
  await world.close();
}

/** Commits take turns of the event loop, as on a disk. */
function slowTables(storage: MemoryTablesStorage): OrderedTables {
  const tables = createMemoryTables({ tables: STATE_TABLES, storage });
  return {
    name: 'slow',
    durable: false,
    get: (table, key) => tables.get(table, key),
    range: (table, options) => tables.range(table, options),
    async commit(writes) {
      await setImmediate();
      await tables.commit(writes);
      await setImmediate();
    },
    sizeBytes: () => tables.sizeBytes(),
    close: () => tables.close(),
  };
}

test('roots, reads, proofs, counts and rewinds agree with a model', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), fc.nat(), (steps, pick) => {
      const storage = new MemoryTablesStorage();
      return runSteps(() => slowTables(storage), steps, pick);
    }),
    { numRuns: 150 },
  );
});

test('the same on a disk', async () => {
  const steps = fc.array(step, { minLength: 8, maxLength: 14 });
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(), async (...run) => {
      const path = await mkdtemp(join(tmpdir(), 'basalt-state-'));
      try {
        await runSteps(() => createStateEngine({ path }), ...run);
      } finally {
        await rm(path, { recursive: true, force: true });
      }
    }),
    { numRuns: 12 },
  );
});
