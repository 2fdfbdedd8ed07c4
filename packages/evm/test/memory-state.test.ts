import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryState, EMPTY_CODE_HASH } from '../src/state/memory-state.ts';

const ADDRESS = new Uint8Array(20).fill(1);
const OTHER = new Uint8Array(20).fill(2);
const SLOT = word(1);

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes[31] = value;
  return bytes;
}

test('what was never written is absent or zero', () => {
  const state = createMemoryState();
  assert.equal(state.readAccount(ADDRESS), undefined);
  assert.deepEqual(state.readStorage(ADDRESS, SLOT), word(0));
  assert.equal(state.readCode(EMPTY_CODE_HASH).length, 0);
  assert.deepEqual(state.blockHash(7n), word(0));
});

test('changes are taken over: account, code, storage, clearing and removal', () => {
  const state = createMemoryState();
  state.setAccount(ADDRESS, { nonce: 1n, balance: 5n });
  state.setStorage(ADDRESS, SLOT, word(9));
  state.setStorage(ADDRESS, word(2), word(8));
  state.setAccount(OTHER, {});
  const code = Uint8Array.of(1, 2, 3);
  const holder = createMemoryState();
  holder.setCode(ADDRESS, code);
  const codeHash = holder.readAccount(ADDRESS)?.codeHash ?? word(0);
  state.apply([
    {
      address: ADDRESS,
      account: { nonce: 2n, balance: 4n, codeHash },
      code,
      storageCleared: false,
      storage: [
        { slot: SLOT, value: word(0) },
        { slot: word(3), value: word(7) },
      ],
    },
    { address: OTHER, account: undefined, storageCleared: false, storage: [] },
  ]);
  assert.deepEqual(state.readAccount(ADDRESS), { nonce: 2n, balance: 4n, codeHash });
  assert.deepEqual(state.readCode(codeHash), code);
  assert.deepEqual(state.readStorage(ADDRESS, SLOT), word(0));
  assert.deepEqual(state.readStorage(ADDRESS, word(2)), word(8));
  assert.deepEqual(state.readStorage(ADDRESS, word(3)), word(7));
  assert.equal(state.readAccount(OTHER), undefined);
  state.apply([
    {
      address: ADDRESS,
      account: { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH },
      storageCleared: true,
      storage: [{ slot: word(4), value: word(1) }],
    },
  ]);
  assert.deepEqual(state.dump()[0]?.storage, [{ slot: word(4), value: word(1) }]);
});

test('marks nest and a revert undoes everything since, outer marks included', () => {
  const state = createMemoryState();
  state.setAccount(ADDRESS, { balance: 1n });
  const outer = state.snapshot();
  state.setStorage(ADDRESS, SLOT, word(1));
  const inner = state.snapshot();
  state.setStorage(ADDRESS, SLOT, word(2));
  state.setAccount(OTHER, { balance: 2n });
  state.setBlockHash(3n, word(3));
  state.revert(inner);
  assert.deepEqual(state.readStorage(ADDRESS, SLOT), word(1));
  assert.equal(state.readAccount(OTHER), undefined);
  assert.deepEqual(state.blockHash(3n), word(0));
  state.snapshot();
  state.apply([{ address: ADDRESS, account: undefined, storageCleared: true, storage: [] }]);
  state.revert(outer);
  assert.deepEqual(state.readStorage(ADDRESS, SLOT), word(0));
  assert.equal(state.readAccount(ADDRESS)?.balance, 1n);
  assert.throws(() => state.revert(outer), RangeError);
});
