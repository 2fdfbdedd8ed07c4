import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBlockExecutor } from '../../src/executor/create-block-executor.ts';
import { assertSameBlock } from '../support/compare-blocks.ts';
import { workloadJob } from '../support/workload-job.ts';

const job = workloadJob({ kind: 'token', transactions: 60, accounts: 20 });

test('a block whose workers die is run again, and so is the next', async () => {
  const plain = createBlockExecutor({ workers: 1, engine: 'interpreter' });
  const expected = await plain.execute(job);
  const executor = createBlockExecutor({
    workers: 2,
    engine: 'interpreter',
    parallel: 'always',
    workerFile: new URL('../support/failing-worker.ts', import.meta.url),
  });
  for (let round = 0; round < 2; round++) {
    const block = await executor.execute(job);
    assertSameBlock(block, expected, job.state, `round ${round}`);
    assert.equal(block.statistics.mode, 'sequential');
    assert.equal(block.statistics.fallback, 'worker-lost');
    executor.forgetState();
  }
  await Promise.all([plain.close(), executor.close()]);
});

test('an error of the state is thrown on, and the executor goes on', async () => {
  for (const workers of [1, 2]) {
    const parallel = workers === 1 ? 'adaptive' : 'always';
    const executor = createBlockExecutor({ workers, engine: 'interpreter', parallel });
    const readStorage = (): never => {
      throw new Error('disk on fire');
    };
    const burning = { ...job, state: { ...job.state, readStorage } };
    await assert.rejects(executor.execute(burning), /disk on fire/);
    const block = await executor.execute(job);
    assert.ok(block.results.every(({ included }) => included));
    await executor.close();
  }
});

test('a closed executor runs nothing', async () => {
  const executor = createBlockExecutor({ workers: 2, engine: 'interpreter' });
  await executor.close();
  await assert.rejects(executor.execute(job), { code: 'closed' });
});

test('blocks asked for at once run one after another', async () => {
  const executor = createBlockExecutor({
    workers: 2,
    engine: 'interpreter',
    parallel: 'always',
  });
  const [one, other] = await Promise.all([executor.execute(job), executor.execute(job)]);
  assert.ok(one.results.every(({ included }) => included));
  // The second finds what the first left.
  const [result] = other.results;
  assert.ok(result !== undefined && !result.included && result.error.code === 'nonce-too-low');
  await executor.close();
});

test('short blocks and one sender are not worth threads', async () => {
  const executor = createBlockExecutor({ workers: 2, engine: 'interpreter' });
  const short = await executor.execute({ ...job, transactions: job.transactions.slice(0, 1) });
  assert.equal(short.statistics.fallback, 'short-block');
  executor.forgetState();
  const [first] = job.transactions;
  assert.ok(first !== undefined);
  const transactions = Array.from({ length: 30 }, (_, i) => ({ ...first, nonce: BigInt(i) }));
  const chain = await executor.execute({ ...job, transactions });
  assert.equal(chain.statistics.fallback, 'conflict');
  await executor.close();
});
