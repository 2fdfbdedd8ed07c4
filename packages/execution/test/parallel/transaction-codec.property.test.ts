import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transaction } from '@basalt/evm';
import fc from 'fast-check';
import { TransactionReader, TransactionWriter } from '../../src/parallel/transaction-codec.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const amount = fc.oneof(
  fc.bigInt({ min: 0n, max: 1000n }),
  fc.bigInt({ min: 0n, max: 2n ** 64n }),
  fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
);
const common = {
  sender: bytes(20),
  to: fc.option(bytes(20), { nil: undefined }),
  nonce: amount,
  gasLimit: amount,
  value: amount,
  data: fc.uint8Array({ maxLength: 2_000 }),
};
const PLAIN = { noNullPrototype: true };
const accessList = fc.array(
  fc.record({ address: bytes(20), slots: fc.array(bytes(32), { maxLength: 30 }) }, PLAIN),
  { maxLength: 4 },
);
const fees = { maxFeePerGas: amount, maxPriorityFeePerGas: amount, accessList };
const authorization = fc.record(
  {
    chainId: amount,
    address: bytes(20),
    nonce: amount,
    authority: fc.option(bytes(20), { nil: undefined }),
  },
  PLAIN,
);
const is = <T extends number>(type: T): fc.Arbitrary<T> => fc.constant(type);
const transaction: fc.Arbitrary<Transaction> = fc.oneof(
  fc.record({ type: is(0), ...common, gasPrice: amount }),
  fc.record({ type: is(1), ...common, gasPrice: amount, accessList }),
  fc.record({ type: is(2), ...common, ...fees }),
  fc.record({
    type: is(3),
    ...common,
    ...fees,
    maxFeePerBlobGas: amount,
    blobHashes: fc.array(bytes(32), { maxLength: 20 }),
  }),
  fc.record({
    type: is(4),
    ...common,
    ...fees,
    authorizations: fc.array(authorization, { maxLength: 20 }),
  }),
);

test('what is read in any order is what was written', () => {
  const writer = new TransactionWriter();
  const lists = fc.array(transaction, { maxLength: 60 });
  fc.assert(
    fc.property(lists, (transactions) => {
      const buffer = writer.write(transactions);
      assert.ok(buffer !== undefined);
      const reader = new TransactionReader(buffer);
      for (let index = transactions.length - 1; index >= 0; index--) {
        assert.deepEqual(reader.read(index), { ...transactions[index] });
      }
    }),
    { numRuns: 150 },
  );
});

test('a list larger than the buffer gets a larger one', () => {
  const one: Transaction = {
    type: 0,
    sender: new Uint8Array(20).fill(1),
    to: undefined,
    nonce: 1n,
    gasLimit: 2n,
    value: 3n,
    data: new Uint8Array(100_000).fill(4),
    gasPrice: 5n,
  };
  const buffer = new TransactionWriter().write([one, one, one, one, one]);
  assert.ok(buffer !== undefined);
  assert.deepEqual(new TransactionReader(buffer).read(4), one);
});

test('amounts out of range are not handed over', () => {
  const [sample] = fc.sample(transaction, 1);
  assert.ok(sample !== undefined);
  const writer = new TransactionWriter();
  assert.equal(writer.write([{ ...sample, value: -1n }]), undefined);
  assert.equal(writer.write([{ ...sample, nonce: 2n ** 256n }]), undefined);
});
