import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { signAuthorization } from '../../src/transaction/sign.ts';
import {
  ALICE,
  addressAt,
  BOB,
  ETHER,
  GWEI,
  offered,
  pooled,
  pretend,
  testPool,
} from '../support/pool.ts';
import { ADDRESSES, KEYS, sign, transfer } from '../support/transactions.ts';

suite('pool: queues', () => {
  test('a gap waits and is filled', async () => {
    const { pool, add, nonces, events } = await pooled([ALICE, ETHER]);
    await add(ALICE, { nonce: 2n });
    await add(ALICE, { nonce: 3n });
    assert.deepEqual([nonces(), pool.stats().queued, pool.nextNonce(ALICE)], [[], 2, undefined]);
    await add(ALICE, { nonce: 0n });
    assert.deepEqual([nonces(), pool.nextNonce(ALICE)], [[0], 1n]);
    await add(ALICE, { nonce: 1n });
    assert.deepEqual([nonces(), pool.nextNonce(ALICE)], [[0, 1, 2, 3], 4n]);
    assert.deepEqual([pool.stats().pending, pool.stats().queued], [4, 0]);
    assert.equal(events.length, 4);
  });

  test('what the account can not pay for together waits for money', async () => {
    const cost = 21_000n * 30n * GWEI + 1n;
    const { pool, chain, add, nonces } = await pooled([ALICE, 2n * cost - 1n]);
    await add(ALICE, { nonce: 0n });
    await add(ALICE, { nonce: 1n });
    assert.deepEqual(nonces(), [0]);
    chain.set(ALICE, { balance: 2n * cost });
    pool.advance([], [ALICE]);
    assert.deepEqual(nonces(), [0, 1]);
  });

  test('money that a contract paid is seen too, without anybody naming the account', async () => {
    const { pool, chain } = await testPool();
    const cost = 21_000n * 30n * GWEI + 1n;
    // More than are looked at after one block.
    const addresses = Array.from({ length: 600 }, (_, index) => addressAt(index));
    for (const address of addresses) {
      chain.set(address, { balance: cost });
      for (const nonce of [0n, 1n]) await pool.add(pretend(transfer({ nonce }), address).raw);
    }
    assert.deepEqual([pool.stats().pending, pool.stats().queued], [600, 600]);
    for (const address of addresses) chain.set(address, { balance: 2n * cost });
    const queued: number[] = [];
    for (let block = 0; block < 3; block++) {
      chain.number++;
      pool.advance([]);
      queued.push(pool.stats().queued);
    }
    assert.deepEqual(queued, [344, 88, 0]);
  });

  test('removing one from the middle sends those behind it back to wait', async () => {
    const { pool, add, nonces, events } = await pooled([ALICE, ETHER]);
    for (const nonce of [0n, 1n, 2n]) await add(ALICE, { nonce });
    const [, second] = offered(pool);
    assert.equal(pool.remove(second!.hash), true);
    assert.equal(pool.remove(second!.hash), false);
    assert.deepEqual(nonces(), [0]);
    assert.deepEqual(pool.stats().queued, 1);
    assert.deepEqual(events.at(-1), { kind: 'dropped', transaction: second, reason: 'removed' });
    assert.equal(pool.remove(), true);
    assert.equal(pool.remove(), false);
    assert.deepEqual(pool.stats(), { pending: 0, queued: 0, bytes: 0, senders: 0, refused: {} });
  });

  test('few may wait, and not for ever', async () => {
    const { pool, clock, chain, add, events } = await pooled([ALICE, ETHER], [BOB, ETHER]);
    for (let nonce = 1n; nonce <= 256n; nonce++) await add(ALICE, { nonce });
    await assert.rejects(add(ALICE, { nonce: 300n }), { code: 'nonce-too-far' });
    await add(BOB, { nonce: 0n });
    await add(BOB, { nonce: 2n });
    clock.now += 3 * 3600 * 1000 - 1;
    chain.number++;
    pool.advance([]);
    assert.equal(pool.stats().queued, 257);
    await add(BOB, { nonce: 3n });
    clock.now += 1;
    pool.advance([]);
    assert.deepEqual([pool.stats().pending, pool.stats().queued], [1, 2]);
    assert.equal(events.filter(({ reason }) => reason === 'evicted').length, 256);
  });
});

suite('pool: replacement', () => {
  const fees = (maxFeePerGas: bigint, maxPriorityFeePerGas: bigint) => ({
    maxFeePerGas,
    maxPriorityFeePerGas,
  });
  const old = fees(1000n, 100n);
  const table: readonly [what: string, by: ReturnType<typeof fees>, isReplaced: boolean][] = [
    ['a tenth more in both', fees(1100n, 110n), true],
    ['a wei less than a tenth in the maximum', fees(1099n, 110n), false],
    ['a wei less than a tenth in the priority', fees(1100n, 109n), false],
    ['much more in the maximum alone', fees(5000n, 100n), false],
    ['much more in the priority alone', fees(1000n, 900n), false],
    ['double both', fees(2000n, 200n), true],
    ['the same', fees(1000n, 100n), false],
    ['less', fees(900n, 90n), false],
  ];
  for (const [what, by, isReplaced] of table) {
    test(`${what}: ${isReplaced ? 'replaces' : 'is refused'}`, async () => {
      const { pool, add, events } = await pooled([ALICE, ETHER]);
      const before = await add(ALICE, old);
      const after = add(ALICE, { ...by, value: 7n });
      if (!isReplaced) {
        await assert.rejects(after, { code: 'replacement-underpriced' });
        assert.deepEqual(offered(pool), [before]);
        return;
      }
      const taken = await after;
      assert.deepEqual(offered(pool), [taken]);
      assert.equal(pool.find(before.hash), undefined);
      assert.deepEqual(events.slice(1), [
        { kind: 'dropped', transaction: before, reason: 'replaced' },
        { kind: 'added', transaction: taken },
      ]);
      assert.equal(pool.stats().bytes, taken.raw.length);
    });
  }

  test('fees of zero are replaced by more than zero only', async () => {
    const { add } = await pooled([ALICE, ETHER]);
    await add(ALICE, fees(0n, 0n));
    await assert.rejects(add(ALICE, { ...fees(0n, 0n), value: 2n }), {
      code: 'replacement-underpriced',
    });
    await add(ALICE, fees(1n, 1n));
  });

  test('one that costs more than the account has is refused and leaves the old', async () => {
    const { pool, add } = await pooled([ALICE, 21_000n * 1000n + 1n]);
    const before = await add(ALICE, old);
    await assert.rejects(add(ALICE, fees(1100n, 110n)), { code: 'insufficient-funds' });
    assert.deepEqual(offered(pool), [before]);
  });
});

suite('pool: order', () => {
  test('by effective tip, each sender in order of nonce, equal ones by age', async () => {
    const { pool, add } = await pooled([ALICE, ETHER], [BOB, ETHER]);
    const fee = (tip: bigint, max = 100n * GWEI) => ({
      maxPriorityFeePerGas: tip,
      maxFeePerGas: max,
    });
    await add(ALICE, { nonce: 0n, ...fee(2n) });
    await add(ALICE, { nonce: 1n, ...fee(9n) });
    await add(BOB, { nonce: 0n, ...fee(5n) });
    await add(BOB, { nonce: 1n, ...fee(2n) });
    const order = (baseFee: bigint) =>
      offered(pool, baseFee).map(
        ({ sender, fields }) => `${sender === ALICE ? 0 : sender[19]}.${fields.nonce}`,
      );
    assert.deepEqual(order(0n), ['2.0', '1.0', '1.1', '2.1']);
  });

  test('a base fee changes who pays more, and passes over who can not pay it', async () => {
    const { pool, add } = await pooled([ALICE, ETHER], [BOB, ETHER]);
    await add(ALICE, { maxFeePerGas: 100n, maxPriorityFeePerGas: 50n });
    await add(BOB, { maxFeePerGas: 200n, maxPriorityFeePerGas: 30n });
    const senders = (baseFee: bigint) => offered(pool, baseFee).map(({ sender }) => sender[19]);
    assert.deepEqual(senders(0n), [1, 2]);
    assert.deepEqual(senders(80n), [2, 1]);
    assert.deepEqual(senders(101n), [2]);
    assert.deepEqual(senders(201n), []);
  });

  test('until the gas is filled, so often as is asked', async () => {
    const { pool, add } = await pooled([ALICE, ETHER]);
    for (let nonce = 0n; nonce < 10n; nonce++) await add(ALICE, { nonce });
    const count = (gas: bigint, overfill?: number) =>
      pool.best({
        baseFee: 0n,
        blobBaseFee: 0n,
        gas,
        ...(overfill === undefined ? {} : { overfill }),
      }).length;
    assert.deepEqual(
      [count(21_000n), count(42_001n), count(42_000n, 2), count(20_999n)],
      [1, 3, 4, 0],
    );
  });
});

suite('pool: blocks', () => {
  test('what is included goes, what has become invalid too, what waited comes', async () => {
    const { pool, chain, add, nonces, events } = await pooled([ALICE, ETHER], [BOB, ETHER]);
    const first = await add(ALICE, { nonce: 0n });
    const second = await add(ALICE, { nonce: 1n });
    await add(ALICE, { nonce: 3n });
    await add(BOB, { nonce: 0n });
    chain.set(ALICE, { nonce: 3n });
    chain.number++;
    pool.advance([first]);
    assert.deepEqual(new Set(nonces()), new Set([0, 3]));
    assert.deepEqual(events.slice(4), [
      { kind: 'dropped', transaction: first, reason: 'included' },
      { kind: 'dropped', transaction: second, reason: 'invalid' },
    ]);
  });

  test('blocks that are undone give nonces back: what waits for them waits', async () => {
    const { pool, chain, add, nonces } = await pooled([ALICE, ETHER]);
    chain.set(ALICE, { nonce: 3n });
    chain.number = 9n;
    pool.advance([]);
    await add(ALICE, { nonce: 3n });
    assert.deepEqual(nonces(), [3]);
    chain.set(ALICE, { nonce: 1n });
    chain.number = 8n;
    pool.advance([]);
    assert.deepEqual([nonces(), pool.stats().queued], [[], 1]);
  });

  test('a sender that became a contract sends nothing any more', async () => {
    const { pool, chain, add } = await pooled([ALICE, ETHER]);
    await add(ALICE);
    chain.setCode(ALICE, Uint8Array.of(0));
    pool.advance([], [ALICE]);
    assert.deepEqual(pool.all(), []);
  });

  test('an authority and a receiver of what was included are looked at again', async () => {
    const { pool, chain, add, nonces } = await pooled([ALICE, ETHER], [BOB, 0n]);
    const authority = ADDRESSES[1]!;
    chain.set(authority, { balance: ETHER });
    await add(authority, { nonce: 0n });
    const fields = signAuthorization({ chainId: 0n, address: BOB, nonce: 0n }, KEYS[1]!, sign);
    const included = pretend({ ...transfer(), type: 4, authorizations: [fields] }, ALICE);
    chain.set(authority, { nonce: 1n });
    chain.number++;
    const { authorizations: _auth, ...plain } = { ...transfer(), authorizations: [] };
    pool.advance([
      {
        ...included,
        sender: ALICE,
        transaction: {
          ...plain,
          type: 4,
          sender: ALICE,
          authorizations: [{ chainId: 0n, address: BOB, nonce: 0n, authority }],
        },
      },
    ]);
    assert.deepEqual(nonces(), []);
    assert.equal(pool.stats().senders, 0);
  });

  test('a fork with other rules of form drops what it does not allow', async () => {
    const { pool, chain, add, events } = await pooled([ALICE, ETHER]);
    chain.fork = 'prague';
    pool.advance([]);
    await add(ALICE, { gasLimit: 2n ** 24n + 1n, maxFeePerGas: GWEI });
    chain.fork = 'osaka';
    chain.number++;
    pool.advance([]);
    assert.deepEqual(pool.all(), []);
    assert.equal(events.at(-1)?.reason, 'invalid');
  });
});
