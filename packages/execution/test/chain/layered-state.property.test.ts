import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccountChange, createMemoryState, keccak256 } from '@basalt/evm';
import fc from 'fast-check';
import { createLayeredState } from '../../src/chain/layered-state.ts';

const SMALL = fc.constantFrom(1, 2, 3);
const address = SMALL.map((byte) => new Uint8Array(20).fill(byte));
const word = fc.constantFrom(0, 1, 2, 3).map((byte) => new Uint8Array(32).fill(byte));
const code = fc.option(
  SMALL.map((byte) => Uint8Array.of(byte)),
  { nil: undefined },
);

const change: fc.Arbitrary<AccountChange> = fc
  .record({
    address,
    exists: fc.boolean(),
    nonce: fc.bigInt({ min: 0n, max: 5n }),
    storageCleared: fc.boolean(),
    storage: fc.uniqueArray(fc.record({ slot: word, value: word }), {
      maxLength: 3,
      selector: ({ slot }) => slot[0],
    }),
    code,
  })
  .map(({ exists, nonce, storage, storageCleared, code: bytes, ...rest }) => {
    const codeHash = keccak256(bytes ?? new Uint8Array(0));
    const account = { nonce, balance: nonce, codeHash };
    return exists
      ? {
          ...rest,
          account,
          storageCleared,
          storage,
          ...(bytes === undefined ? {} : { code: bytes }),
        }
      : { ...rest, account: undefined, storageCleared: true, storage: [] };
  });
const layer = fc.array(change, { maxLength: 12 });

test('layers over a state answer like the state with the changes in it', () => {
  fc.assert(
    fc.property(layer, fc.array(layer, { maxLength: 4 }), (below, layers) => {
      const base = createMemoryState();
      base.apply(below);
      const plain = createMemoryState(base.dump());
      for (const changes of layers) plain.apply(changes);
      const view = {
        number: 7,
        readAccount: (at: Uint8Array) => base.readAccount(at),
        readStorage: (at: Uint8Array, slot: Uint8Array) => base.readStorage(at, slot),
        readCode: (hash: Uint8Array) => base.readCode(hash),
        hasStorage: (at: Uint8Array) => base.hasStorage?.(at) ?? false,
      };
      const layered = createLayeredState(view, layers);
      // More often than a layer is looked through before it is indexed.
      for (let round = 0; round < 8; round++) {
        for (const byte of [1, 2, 3, 4]) {
          const at = new Uint8Array(20).fill(byte);
          const account = plain.readAccount(at);
          assert.deepEqual(layered.readAccount(at), account);
          for (const slotByte of [0, 1, 2, 3]) {
            const slot = new Uint8Array(32).fill(slotByte);
            assert.deepEqual(layered.readStorage(at, slot), plain.readStorage(at, slot));
          }
          if (account === undefined) continue;
          assert.deepEqual(layered.readCode(account.codeHash), plain.readCode(account.codeHash));
          // A slot below that was set to zero may still count; none that is there may be missed.
          if (plain.hasStorage?.(at) === true) assert.ok(layered.hasStorage(at));
        }
      }
      assert.equal(layered.number, 7);
      assert.deepEqual(layered.changes(), layers.flat());
    }),
  );
});
