import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { unsignedTransaction } from '../../src/devnet/unsigned-transaction.ts';
import { ExecutionError } from '../../src/errors.ts';
import { createPool } from '../../src/pool/create-pool.ts';
import { openPoolJournal } from '../../src/pool/journal-file-shell.ts';
import {
  ALICE,
  addressAt,
  BOB,
  ETHER,
  FakeChain,
  POOL_CHAIN_ID,
  pretend,
  pretendingRecoverer,
} from '../support/pool.ts';
import { transfer } from '../support/transactions.ts';

const clock = { nowMs: () => 0 };
const fail = (error: unknown): never => assert.fail(String(error));

/** Runs with the path of a journal that is not there yet. */
async function withJournal(run: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pool-journal-'));
  try {
    await run(join(folder, 'transactions'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function openPool(path: string, chain: FakeChain) {
  const journal = await openPoolJournal(path, fail);
  return createPool({ chain, clock, recoverer: pretendingRecoverer, journal });
}

function fundedChain(): FakeChain {
  const chain = new FakeChain();
  for (const address of [ALICE, BOB]) chain.set(address, { balance: ETHER });
  return chain;
}

async function recordsOf(path: string): Promise<Uint8Array[]> {
  const journal = await openPoolJournal(path, fail);
  const records: Uint8Array[] = [];
  for await (const record of journal.records()) records.push(record);
  await journal.close();
  return records;
}

const hashes = (pool: { all(): readonly { transaction: { hash: Uint8Array } }[] }) =>
  new Set(pool.all().map(({ transaction }) => Buffer.from(transaction.hash).toString('hex')));

suite('pool journal', () => {
  test('a restart keeps what waited, less what was removed, mined or replaced', () =>
    withJournal(async (path) => {
      const chain = fundedChain();
      const pool = await openPool(path, chain);
      const add = (sender: Uint8Array, changes: Parameters<typeof transfer>[0]) =>
        pool.add(pretend(transfer(changes), sender).raw);
      for (const nonce of [0n, 1n, 2n, 4n]) await add(ALICE, { nonce });
      await add(ALICE, { nonce: 1n, maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 10n });
      const removed = await add(BOB, { nonce: 0n });
      pool.remove(removed.hash);
      await add(BOB, { nonce: 0n, value: 9n });
      pool.addUnsigned(unsignedTransaction(transfer({ nonce: 1n }), POOL_CHAIN_ID, BOB));
      await pool.close();
      chain.set(ALICE, { nonce: 1n });
      chain.number++;
      const again = await openPool(path, chain);
      assert.deepEqual(again.stats().refused, { 'nonce-too-low': 1 });
      const nonces = again.all().map(({ transaction: { fields } }) => fields.nonce);
      assert.deepEqual(new Set(nonces), new Set([0n, 1n, 2n, 4n]));
      assert.equal(nonces.length, 4);
      assert.equal(again.nextNonce(ALICE), 3n);
      assert.equal(again.nextNonce(BOB), 1n);
      assert.equal(again.find(removed.hash), undefined);
      await again.close();
      assert.equal((await recordsOf(path)).length, 4, 'opening writes it anew');
    }));

  test('the end without a close: what the system has is there', () =>
    withJournal(async (path) => {
      const chain = fundedChain();
      const pool = await openPool(path, chain);
      await pool.add(pretend(transfer(), ALICE).raw);
      for (let wait = 0; (await readFile(path)).length === 0; wait++) {
        assert(wait < 1000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const again = await openPool(path, chain);
      assert.deepEqual(hashes(again), hashes(pool));
      await Promise.all([pool.close(), again.close()]);
    }));

  test('cut or damaged anywhere: what stands before is kept', () =>
    withJournal(async (path) => {
      const chain = fundedChain();
      const pool = await openPool(path, chain);
      for (let nonce = 0n; nonce < 6n; nonce++) {
        await pool.add(pretend(transfer({ nonce }), ALICE).raw);
      }
      await pool.close();
      const whole = await readFile(path);
      const size = whole.length / 6;
      for (const cut of [0, 1, 7, size - 1, size, size + 3, 3 * size + 8, 6 * size - 1]) {
        await writeFile(path, whole);
        await truncate(path, cut);
        const again = await openPool(path, chain);
        assert.equal(again.all().length, Math.floor(cut / size), `cut at ${cut}`);
        await again.close();
      }
      for (const at of [2 * size, 2 * size + 4, 2 * size + 8, 3 * size - 1]) {
        const bytes = Uint8Array.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ 0x40;
        await writeFile(path, bytes);
        const again = await openPool(path, chain);
        assert.equal(again.all().length, 2, `damaged at ${at}`);
        await again.close();
      }
    }));

  test('records of no meaning are passed over', () =>
    withJournal(async (path) => {
      const journal = await openPoolJournal(path, fail);
      for (const record of [[], [9, 9], [0, 1, 2], [1, 5]]) journal.append(Uint8Array.from(record));
      await journal.close();
      await appendFile(path, 'and what somebody else wrote');
      const pool = await openPool(path, fundedChain());
      assert.deepEqual(pool.all(), []);
      await pool.close();
    }));

  test('what is appended during a rewrite stands behind it', () =>
    withJournal(async (path) => {
      const journal = await openPoolJournal(path, fail);
      for (let index = 0; index < 50; index++) journal.append(Uint8Array.of(index));
      const rewritten = journal.rewrite([Uint8Array.of(100), Uint8Array.of(101)]);
      journal.append(Uint8Array.of(102));
      await rewritten;
      journal.append(Uint8Array.of(103));
      assert.equal(journal.bytes, 4 * 9);
      await journal.close();
      assert.deepEqual(
        (await recordsOf(path)).map(([first]) => first),
        [100, 101, 102, 103],
      );
    }));

  test('does not grow for ever', () =>
    withJournal(async (path) => {
      const chain = fundedChain();
      chain.set(ALICE, { balance: 10n ** 6n * ETHER });
      const pool = await openPool(path, chain);
      const large = { data: new Uint8Array(120_000), gasLimit: 8_000_000n };
      for (let nonce = 0n; nonce < 170n; nonce++) {
        const taken = await pool.add(pretend(transfer({ nonce, ...large }), ALICE).raw);
        chain.set(ALICE, { nonce: nonce + 1n });
        pool.advance([taken]);
      }
      await pool.close();
      const { length } = await readFile(path);
      assert(length < 10 * 2 ** 20, `${length} bytes`);
    }));

  test('a disk that takes nothing is told of and stops nothing', () =>
    withJournal(async (path) => {
      const errors: unknown[] = [];
      const journal = await openPoolJournal(path, (error) => errors.push(error));
      await journal.close();
      const pool = await createPool({
        chain: fundedChain(),
        clock,
        recoverer: pretendingRecoverer,
        journal: {
          bytes: 0,
          records: async function* () {},
          append: (record) => journal.append(record),
          rewrite: async () => {},
          close: async () => {},
        },
      });
      await pool.add(pretend(transfer(), ALICE).raw);
      await pool.close();
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(pool.all().length, 1);
      assert(errors.length > 0);
    }));

  test('thousands come back, as many as the pool holds', () =>
    withJournal(async (path) => {
      const chain = new FakeChain();
      const pool = await openPool(path, chain);
      const raws = Array.from({ length: 3000 }, (_, index) => {
        chain.set(addressAt(index), { balance: ETHER });
        return pretend(transfer(), addressAt(index)).raw;
      });
      const results = await pool.addMany(raws);
      assert(results.every((result) => !(result instanceof ExecutionError)));
      await pool.close();
      const again = await openPool(path, chain);
      assert.deepEqual(hashes(again), hashes(pool));
      await again.close();
    }));
});

test('what is removed while the journal is written anew is gone after a restart', () =>
  withJournal(async (path) => {
    const chain = fundedChain();
    const pool = await openPool(path, chain);
    await pool.add(pretend(transfer({ nonce: 0n }), BOB).raw);
    pool.remove();
    // The first is on its way to the disk.
    await pool.add(pretend(transfer({ nonce: 0n }), ALICE).raw);
    pool.remove();
    await pool.close();
    assert.deepEqual(await recordsOf(path), []);
  }));
