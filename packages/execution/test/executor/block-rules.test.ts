/** Which transactions a block takes, and where it ends: the same in every mode. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transaction } from '@basalt/evm';
import { createBlockExecutor } from '../../src/executor/create-block-executor.ts';
import type { BlockExecutor, ExecutedBlock, ExecutionJob } from '../../src/executor/types.ts';
import { assertSameBlock } from '../support/compare-blocks.ts';
import { withBlobs, workloadJob } from '../support/workload-job.ts';

const job = workloadJob({ kind: 'ether', transactions: 10 });

/** One after another and in parallel; they must agree. */
async function executeBoth(one: ExecutionJob): Promise<ExecutedBlock> {
  const modes: BlockExecutor[] = [
    createBlockExecutor({ workers: 1, engine: 'interpreter' }),
    createBlockExecutor({ workers: 2, engine: 'interpreter', parallel: 'always' }),
  ];
  const [sequential, parallel] = await Promise.all(modes.map((mode) => mode.execute(one)));
  assert.ok(sequential !== undefined && parallel !== undefined);
  assertSameBlock(parallel, sequential, one.state, 'parallel');
  await Promise.all(modes.map((mode) => mode.close()));
  return sequential;
}

function codes({ results }: ExecutedBlock): string[] {
  return results.map((result) => (result.included ? 'included' : result.error.code));
}

function replaced(index: number, change: Partial<Transaction>): Transaction[] {
  return job.transactions.map((transaction, i) =>
    i === index ? ({ ...transaction, ...change } as Transaction) : transaction,
  );
}

test('a refused transaction ends an import and is left out of a build', async () => {
  const transactions = replaced(3, { nonce: 5n });
  const imported = await executeBoth({ ...job, transactions });
  assert.deepEqual(codes(imported), ['included', 'included', 'included', 'nonce-too-high']);
  const built = await executeBoth({ ...job, transactions, purpose: 'build' });
  assert.equal(codes(built).length, 10);
  assert.equal(codes(built)[3], 'nonce-too-high');
  assert.equal(built.gasUsed, 9n * 21_000n);
});

test('the first that does not fit into the gas ends the block', async () => {
  const environment = { ...job.environment, gasLimit: 5n * 21_000n + 20_999n };
  for (const purpose of ['import', 'build'] as const) {
    const block = await executeBoth({ ...job, environment, purpose });
    assert.deepEqual(codes(block), [...Array(5).fill('included'), 'gas-limit-over-block']);
    assert.equal(block.gasUsed, 5n * 21_000n);
  }
});

test('what is wrong by itself is told before what does not fit', async () => {
  const environment = { ...job.environment, gasLimit: 2n * 21_000n };
  const transactions = replaced(2, { gasLimit: 20_000n });
  const block = await executeBoth({ ...job, environment, transactions, purpose: 'build' });
  assert.deepEqual(codes(block), [
    'included',
    'included',
    'intrinsic-gas-too-low',
    'gas-limit-over-block',
  ]);
});

test('blobs that do not fit are left out of a build, as if they never ran', async () => {
  const [first, second, third, ...rest] = job.transactions;
  // The one left out and the one after it have the same sender: the nonce must not have moved.
  const transactions = [
    withBlobs(first, 6),
    withBlobs(second, 6),
    { ...third, sender: second?.sender, nonce: 0n } as Transaction,
    withBlobs(rest[0], 3),
    ...rest.slice(1),
  ];
  const built = await executeBoth({ ...job, transactions, purpose: 'build' });
  assert.deepEqual(codes(built), [
    'included',
    'blob-gas-over-block',
    ...Array(transactions.length - 2).fill('included'),
  ]);
  assert.equal(built.blobGasUsed, 9n * 131_072n);
  const imported = await executeBoth({ ...job, transactions });
  assert.deepEqual(codes(imported), ['included', 'blob-gas-over-block']);
});

test('an empty block', async () => {
  const block = await executeBoth({ ...job, transactions: [] });
  assert.deepEqual(block.results, []);
  assert.deepEqual(block.changes, []);
});
