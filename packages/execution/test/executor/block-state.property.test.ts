import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AccountChange,
  type AccountDump,
  createMemoryState,
  keccak256,
  type MemoryState,
} from '@basalt/evm';
import fc from 'fast-check';
import { createBlockState } from '../../src/executor/block-state.ts';
import { viewOf } from '../support/mainnet-blocks.ts';

const EMPTY = keccak256(new Uint8Array(0));
const address = (name: number): Uint8Array => new Uint8Array(20).fill(name);
const word = (name: number): Uint8Array => new Uint8Array(32).fill(name);

/** One account written, destroyed, or made anew. */
const step = fc.record({
  account: fc.integer({ min: 1, max: 4 }),
  kind: fc.constantFrom('write', 'write', 'write', 'destroy', 'anew', 'code'),
  nonce: fc.bigInt({ min: 0n, max: 2n }),
  slots: fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 2 })), {
    maxLength: 3,
  }),
  reads: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function changeOf({ account, kind, nonce, slots }: Step): AccountChange {
  if (kind === 'destroy') {
    return { address: address(account), account: undefined, storageCleared: true, storage: [] };
  }
  const code = kind === 'code' ? Uint8Array.of(account, Number(nonce)) : undefined;
  const values = new Map(slots);
  return {
    address: address(account),
    account: { nonce, balance: 5n, codeHash: code === undefined ? EMPTY : keccak256(code) },
    ...(code === undefined ? {} : { code }),
    storageCleared: kind === 'anew',
    storage: [...values].map(([slot, value]) => ({ slot: word(slot), value: word(value) })),
  };
}

const BELOW = [1, 2, 3].map((name) => ({
  address: address(name),
  account: { nonce: 1n, balance: 5n, codeHash: EMPTY },
  code: new Uint8Array(0),
  storage: [{ slot: word(1), value: word(2) }],
}));

/** Slots in order, too. */
function dumpOf(state: MemoryState): AccountDump[] {
  return state.dump().map((account) => ({
    ...account,
    storage: account.storage.toSorted((one, other) => (one.slot[0] ?? 0) - (other.slot[0] ?? 0)),
  }));
}

test('reads, and all changes together, are those of a state that takes them one by one', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const model = createMemoryState(BELOW);
      const overlay = createBlockState(viewOf(BELOW), () => word(9));
      for (const each of steps) {
        for (const slot of each.reads) {
          const place = [address(each.account), word(slot)] as const;
          assert.deepEqual(overlay.readStorage(...place), model.readStorage(...place));
        }
        const change = changeOf(each);
        model.apply([change]);
        overlay.apply([change]);
        const read = overlay.readAccount(address(each.account));
        assert.deepEqual(read, model.readAccount(address(each.account)));
        const has = overlay.hasStorage(address(each.account));
        // A slot below that was set to zero still counts: whoever has it is not asked about.
        assert.ok(has || !model.hasStorage?.(address(each.account)));
      }
      for (const changes of [overlay.changes(), overlay.contents()]) {
        const after = createMemoryState(BELOW);
        after.apply(changes);
        assert.deepEqual(dumpOf(after), dumpOf(model));
        assert.equal(new Set(changes.map((change) => change.address[0])).size, changes.length);
      }
    }),
    { numRuns: 400 },
  );
});

test('what ends as it began is no change', () => {
  const overlay = createBlockState(viewOf(BELOW), () => word(9));
  overlay.readStorage(address(1), word(1));
  const account = { nonce: 1n, balance: 5n, codeHash: EMPTY };
  const write = (value: number, nonce: bigint): AccountChange => ({
    address: address(1),
    account: { ...account, nonce },
    storageCleared: false,
    storage: [{ slot: word(1), value: word(value) }],
  });
  overlay.apply([write(7, 2n)]);
  assert.equal(overlay.changes().length, 1);
  overlay.apply([write(2, 1n)]);
  assert.deepEqual(overlay.changes(), []);
});
