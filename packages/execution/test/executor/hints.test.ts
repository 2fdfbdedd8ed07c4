import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transaction } from '@basalt/evm';
import { ByteTable } from '../../src/executor/byte-table.ts';
import { findHints, slotKey } from '../../src/executor/hints.ts';

const address = (name: number): Uint8Array => new Uint8Array(20).fill(name);
const slot = (name: number): Uint8Array => new Uint8Array(32).fill(name);

function transaction(sender: number, slots: readonly number[] = [], gasLimit = 100n): Transaction {
  return {
    type: 1,
    sender: address(sender),
    to: address(99),
    nonce: 0n,
    gasLimit,
    value: 0n,
    data: new Uint8Array(0),
    gasPrice: 1n,
    accessList: [{ address: address(50), slots: slots.map(slot) }],
  };
}

test('transactions of one sender wait for each other', () => {
  const list = [1, 2, 1, 3, 1, 2].map((sender) => transaction(sender));
  const { predecessors, speedupBound } = findHints(list, new ByteTable<true>());
  assert.deepEqual([...predecessors], [-1, -1, 0, -1, 2, 1]);
  assert.equal(speedupBound, 2);
});

test('a slot of access lists counts once it was hot', () => {
  const list = [transaction(1, [7]), transaction(2, [8]), transaction(3, [8, 7])];
  assert.deepEqual([...findHints(list, new ByteTable<true>()).predecessors], [-1, -1, -1]);
  const hot = new ByteTable<true>();
  hot.set(slotKey(address(50), slot(7)), true);
  assert.deepEqual([...findHints(list, hot).predecessors], [-1, -1, 0]);
});

test('the bound is gas over the heaviest chain', () => {
  const list = [transaction(1, [], 900n), transaction(2, [], 100n), transaction(1, [], 500n)];
  assert.equal(findHints(list, new ByteTable<true>()).speedupBound, 1_500 / 1_400);
});
