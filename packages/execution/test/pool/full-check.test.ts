import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  createEvm,
  createMemoryState,
  loadRecover,
  type Transaction,
  type TransactionError,
  transact,
} from '@basalt/evm';
import { ExecutionError } from '../../src/errors.ts';
import type { FastPathFault, PoolComponents } from '../../src/pool/create-pool.ts';
import { FAST_PATH, type FastPath } from '../../src/pool/fast-path.ts';
import { createFullCheck } from '../../src/pool/full-check.ts';
import { createRecoverer, type Recoverer } from '../../src/transaction/recoverer-shell.ts';
import { ETHER, POOL_CHAIN_ID, signed, type TestPool, testPool } from '../support/pool.ts';
import { ADDRESSES, KEYS, transfer } from '../support/transactions.ts';

const recover = await loadRecover();
const evm = await createEvm({ fork: 'osaka' });

interface Checked extends TestPool {
  readonly faults: FastPathFault[];
}

/** Every transaction is checked in full, on the same accounts that the pool sees. */
async function checkedPool(components: Partial<PoolComponents> = {}): Promise<Checked> {
  const faults: FastPathFault[] = [];
  const simulate = (transaction: Transaction): TransactionError | undefined => {
    const state = createMemoryState();
    for (const address of ADDRESSES) {
      const account = made.chain.next().state.readAccount(address);
      if (account !== undefined) state.setAccount(address, account);
    }
    const block = {
      number: 1n,
      timestamp: 1n,
      coinbase: new Uint8Array(20),
      gasLimit: 30_000_000n,
      baseFee: 0n,
      prevRandao: new Uint8Array(32),
      difficulty: 0n,
      blobBaseFee: 1n,
      chainId: POOL_CHAIN_ID,
    };
    const result = transact(evm, state, transaction, block);
    return result.included ? undefined : result.error;
  };
  const made: TestPool = await testPool(
    {
      recoverer: createRecoverer({ threads: 0 }),
      fullCheck: createFullCheck({ recover, fork: () => 'osaka', simulate }),
      random: () => 0,
      onFault: (fault) => faults.push(fault),
      ...components,
    },
    { fullCheckSample: 1 },
  );
  for (const address of ADDRESSES) made.chain.set(address, { balance: ETHER });
  return { ...made, faults };
}

suite('pool: full checks of what the fast path let in', () => {
  test('what is valid stays', async () => {
    const { pool, faults } = await checkedPool();
    for (const nonce of [0n, 1n, 2n]) await pool.add(signed(transfer({ nonce }), KEYS[0]!).raw);
    await pool.add(signed(transfer({ nonce: 4n }), KEYS[0]!).raw);
    await pool.settled();
    assert.deepEqual(pool.fullChecks(), { checked: 3, failed: 0, skipped: 0 });
    assert.deepEqual([pool.all().length, faults.length], [4, 0]);
  });

  const blind: FastPath = { ...FAST_PATH, checkForm: () => {} };
  const generous: FastPath = {
    ...FAST_PATH,
    checkSender: () => ({ nonce: 0n, balance: 10n ** 30n }),
  };
  /** Says that everything comes from the first key. */
  const mistaken: Recoverer = {
    ...createRecoverer({ threads: 0 }),
    async recover(batch, fork) {
      const results = await createRecoverer({ threads: 0 }).recover(batch, fork);
      return results.map((each) =>
        each instanceof ExecutionError
          ? each
          : {
              ...each,
              sender: ADDRESSES[0]!,
              transaction: { ...each.transaction, sender: ADDRESSES[0]! },
            },
      );
    },
  };
  const faulty: readonly [
    what: string,
    components: Partial<PoolComponents>,
    changes: Parameters<typeof transfer>[0],
    reason: RegExp,
  ][] = [
    ['gas is not looked at', { fastPath: blind }, { gasLimit: 20_999n }, /intrinsic-gas-too-low/],
    ['fees are not looked at', { fastPath: blind }, { maxFeePerGas: 1n }, /priority-fee-over/],
    ['money is not looked at', { fastPath: generous }, { value: 2n * ETHER }, /insufficient-funds/],
    ['a sender is mistaken', { recoverer: mistaken }, {}, /the sender is another/],
  ];
  for (const [what, components, changes, reason] of faulty) {
    test(`a seeded fault, ${what}: found, taken out, counted, told`, async () => {
      const { pool, faults, events } = await checkedPool(components);
      const taken = await pool.add(signed(transfer(changes), KEYS[1]!).raw);
      await pool.settled();
      assert.deepEqual(pool.all(), []);
      assert.deepEqual(pool.fullChecks(), { checked: 1, failed: 1, skipped: 0 });
      assert.equal(faults.length, 1);
      assert.equal(faults[0]!.transaction, taken);
      assert.match(faults[0]!.reason, reason);
      assert.deepEqual(events.at(-1), { kind: 'dropped', transaction: taken, reason: 'invalid' });
    });
  }

  test('a block that comes before the check makes no fault', async () => {
    const { pool, chain, faults } = await checkedPool();
    const taken = await pool.add(signed(transfer(), KEYS[0]!).raw);
    chain.set(ADDRESSES[0]!, { nonce: 1n });
    chain.number++;
    pool.advance([taken]);
    await pool.settled();
    assert.deepEqual(pool.fullChecks(), { checked: 1, failed: 0, skipped: 0 });
    assert.equal(faults.length, 0);
  });

  test('one in so many, and never more at once than is allowed', async () => {
    const numbers = [0.9, 0.4, 0.6, 0.1];
    let calls = 0;
    const sampled = await testPool(
      {
        recoverer: createRecoverer({ threads: 0 }),
        fullCheck: async () => undefined,
        random: () => numbers[calls++ % 4]!,
      },
      { fullCheckSample: 2 },
    );
    sampled.chain.set(ADDRESSES[0]!, { balance: ETHER });
    const raws = (from: number, count: number) =>
      Array.from(
        { length: count },
        (_, index) => signed(transfer({ nonce: BigInt(from + index) }), KEYS[0]!).raw,
      );
    await sampled.pool.addMany(raws(0, 8));
    await sampled.pool.settled();
    assert.deepEqual(sampled.pool.fullChecks(), { checked: 4, failed: 0, skipped: 0 });
    let release = (): void => {};
    const blocked = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined);
    });
    const slow = await testPool(
      { recoverer: createRecoverer({ threads: 0 }), fullCheck: () => blocked, random: () => 0 },
      { fullCheckSample: 1 },
    );
    slow.chain.set(ADDRESSES[0]!, { balance: ETHER });
    await slow.pool.addMany(raws(0, 70));
    assert.equal(slow.pool.fullChecks().skipped, 6);
    release();
    await slow.pool.settled();
    assert.equal(slow.pool.fullChecks().checked, 64);
  });
});
