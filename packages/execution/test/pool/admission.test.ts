import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { unsignedTransaction } from '../../src/devnet/unsigned-transaction.ts';
import type { PoolErrorCode } from '../../src/pool/types.ts';
import { createRecoverer } from '../../src/transaction/recoverer-shell.ts';
import { signTransaction } from '../../src/transaction/sign.ts';
import type { TransactionFields } from '../../src/transaction/types.ts';
import {
  ALICE,
  BOB,
  ETHER,
  GWEI,
  offered,
  POOL_CHAIN_ID,
  pooled,
  pretend,
  signed,
  testPool,
} from '../support/pool.ts';
import { ADDRESSES, KEYS, sign, transfer } from '../support/transactions.ts';

const COST = 21_000n * 30n * GWEI + 1n;
const LEGACY: Extract<TransactionFields, { type: 0 }> = {
  type: 0,
  nonce: 0n,
  gasPrice: GWEI,
  gasLimit: 21_000n,
  to: BOB,
  value: 0n,
  data: new Uint8Array(0),
};
const BLOB: TransactionFields = {
  ...transfer(),
  type: 3,
  maxFeePerBlobGas: 1n,
  blobHashes: [Uint8Array.of(1, ...new Uint8Array(31))],
};
const REFUSED: readonly [what: string, code: PoolErrorCode, fields: TransactionFields][] = [
  ['a nonce that is used', 'nonce-too-low', transfer({ nonce: 4n })],
  ['a nonce far ahead', 'nonce-too-far', transfer({ nonce: 5n + 1024n })],
  ['the last nonce of all', 'invalid', transfer({ nonce: 2n ** 64n - 1n })],
  ['a wei too little', 'insufficient-funds', transfer({ nonce: 5n, value: 2n })],
  ['a unit of gas too little', 'intrinsic-gas-too-low', transfer({ nonce: 5n, gasLimit: 20_999n })],
  [
    'more gas than a transaction may use',
    'gas-limit-over-block',
    transfer({ nonce: 5n, gasLimit: 2n ** 24n + 1n }),
  ],
  [
    'a priority fee above the maximum',
    'invalid',
    transfer({ nonce: 5n, maxPriorityFeePerGas: 31n * GWEI }),
  ],
  [
    'init code that is too long',
    'oversize',
    transfer({ nonce: 5n, to: undefined, data: new Uint8Array(49_153), gasLimit: 10_000_000n }),
  ],
  ['a blob transaction without its blobs', 'blobs-missing', { ...BLOB, nonce: 5n }],
  [
    'ten blobs',
    'oversize',
    { ...BLOB, nonce: 5n, blobHashes: Array(10).fill(Uint8Array.of(1, ...new Uint8Array(31))) },
  ],
  ['no authorizations', 'invalid', { ...transfer({ nonce: 5n }), type: 4, authorizations: [] }],
];
suite('pool: who gets in', () => {
  test('a signed transaction, with its real sender', async () => {
    const recoverer = createRecoverer({ threads: 0 });
    const { pool, chain, events } = await testPool({ recoverer });
    chain.set(ADDRESSES[0]!, { balance: ETHER });
    const { raw, hash } = signed(transfer(), KEYS[0]!);
    const taken = await pool.add(raw);
    assert.deepEqual(taken.sender, ADDRESSES[0]);
    assert.equal(pool.find(hash)?.transaction, taken);
    assert.equal(pool.find(hash)?.isExecutable, true);
    assert.equal(pool.nextNonce(taken.sender), 1n);
    assert.deepEqual(offered(pool), [taken]);
    assert.deepEqual(events, [{ kind: 'added', transaction: taken }]);
    assert.deepEqual(pool.stats(), {
      pending: 1,
      queued: 0,
      bytes: raw.length,
      senders: 1,
      refused: {},
    });
    await recoverer.close();
  });

  for (const [what, code, fields] of REFUSED) {
    test(`refuses ${what}`, async () => {
      const { pool, chain } = await testPool();
      chain.set(ALICE, { balance: COST, nonce: 5n });
      await assert.rejects(pool.add(pretend(fields, ALICE).raw), { code });
      assert.deepEqual(pool.all(), []);
      assert.deepEqual(pool.stats().refused, { [code]: 1 });
      assert.equal(pool.stats().senders, 0);
    });
  }

  test('takes what costs exactly what the account has', async () => {
    const { add } = await pooled([ALICE, COST]);
    await add(ALICE, { value: 1n });
  });

  test('refuses types that the fork does not have, and takes those it has', async () => {
    const { pool, chain } = await testPool();
    chain.set(ALICE, { balance: ETHER });
    chain.fork = 'berlin';
    await assert.rejects(pool.add(pretend(transfer(), ALICE).raw), { code: 'invalid' });
    await pool.add(pretend({ ...LEGACY, type: 1, accessList: [] }, ALICE).raw);
    await pool.add(pretend({ ...LEGACY, nonce: 1n }, ALICE).raw);
    assert.equal(pool.stats().pending, 2);
  });

  test('refuses another chain, bad signatures, garbage and what is too long', async () => {
    const recoverer = createRecoverer({ threads: 0 });
    const { pool, chain } = await testPool({ recoverer });
    chain.set(ADDRESSES[0]!, { balance: ETHER });
    const other = signTransaction(transfer(), 5n, KEYS[0]!, sign);
    await assert.rejects(pool.add(other.raw), { code: 'wrong-chain' });
    const bad = signTransaction(transfer(), POOL_CHAIN_ID, KEYS[0]!, () => ({
      yParity: 0,
      r: 5n,
      s: 1n,
    }));
    await assert.rejects(pool.add(bad.raw), { code: 'invalid-signature' });
    const { raw } = signed(transfer(), KEYS[0]!);
    await assert.rejects(pool.add(raw.subarray(1)), { code: 'malformed' });
    await assert.rejects(pool.add(raw.subarray(0, -1)), { code: 'malformed' });
    await assert.rejects(pool.add(new Uint8Array(0)), { code: 'malformed' });
    await assert.rejects(pool.add(Uint8Array.of(9, ...raw.subarray(1))), { code: 'malformed' });
    const long = signed(transfer({ data: new Uint8Array(128 * 1024) }), KEYS[0]!);
    await assert.rejects(pool.add(long.raw), { code: 'oversize' });
    assert.deepEqual(pool.stats().refused, {
      'wrong-chain': 1,
      'invalid-signature': 1,
      malformed: 4,
      oversize: 1,
    });
    await recoverer.close();
  });

  test('takes one only once, also when both come at the same time', async () => {
    const { pool, add } = await pooled([ALICE, ETHER]);
    const both = await Promise.allSettled([add(ALICE), add(ALICE)]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    await assert.rejects(add(ALICE), { code: 'already-known' });
    assert.equal(pool.all().length, 1);
  });

  test('a contract sends nothing, an account with a delegation does', async () => {
    const { chain, add } = await pooled([ALICE, ETHER], [BOB, ETHER]);
    chain.setCode(ALICE, Uint8Array.of(0));
    await assert.rejects(add(ALICE), { code: 'sender-has-code' });
    chain.setCode(BOB, Uint8Array.of(0xef, 1, 0, ...ALICE));
    await add(BOB);
  });

  test('a minimum tip is asked for where it is set', async () => {
    const { pool, chain } = await testPool({}, { limits: { tip: 2n } });
    chain.set(ALICE, { balance: ETHER });
    const with1 = pretend(transfer({ maxPriorityFeePerGas: 1n }), ALICE);
    await assert.rejects(pool.add(with1.raw), { code: 'underpriced' });
    await pool.add(pretend(transfer({ maxPriorityFeePerGas: 2n }), ALICE).raw);
  });
});

suite('pool: other ways in', () => {
  test('an unsigned one gets in without a signature, from a contract too', async () => {
    const { pool, chain } = await testPool();
    const taken = (nonce: bigint) => unsignedTransaction(transfer({ nonce }), POOL_CHAIN_ID, ALICE);
    assert.throws(() => pool.addUnsigned(taken(0n)), { code: 'insufficient-funds' });
    chain.set(ALICE, { balance: ETHER });
    chain.setCode(ALICE, Uint8Array.of(0));
    pool.addUnsigned(taken(0n));
    assert.throws(() => pool.addUnsigned(taken(0n)), { code: 'already-known' });
    assert.throws(() => pool.addUnsigned(unsignedTransaction(transfer(), 5n, ALICE)), {
      code: 'wrong-chain',
    });
    pool.advance([], [ALICE]);
    assert.equal(offered(pool).length, 1);
    assert.deepEqual(pool.stats().refused, {
      'insufficient-funds': 1,
      'already-known': 1,
      'wrong-chain': 1,
    });
  });

  test('after close nothing is taken', async () => {
    const { pool, add } = await pooled([ALICE, ETHER]);
    await pool.close();
    await assert.rejects(add(ALICE), { code: 'closed' });
  });
});
