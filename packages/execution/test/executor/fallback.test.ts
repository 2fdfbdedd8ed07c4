import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { compileNow, type TierDifference } from '@basalt/evm';
import { createBlockExecutor } from '../../src/executor/create-block-executor.ts';
import { assertSameBlock } from '../support/compare-blocks.ts';
import { workloadJob } from '../support/workload-job.ts';

const job = workloadJob({ kind: 'token', transactions: 60, accounts: 20 });

// A block of 60 has 6 parts a transaction at least: one of two workers meets each of these numbers.
for (const death of ['parts=1', 'parts=60', 'parts=120', 'reads=3']) {
  test(`a worker dies within a block (${death}): it ends as in order`, async (t) => {
    process.env['DYING_WORKER'] = death;
    t.after(() => delete process.env['DYING_WORKER']);
    const plain = createBlockExecutor({ workers: 1, engine: 'interpreter' });
    const expected = await plain.execute(job);
    const reasons: string[] = [];
    const executor = createBlockExecutor({
      workers: 2,
      engine: 'interpreter',
      parallel: 'always',
      workerFile: new URL('../support/dying-worker.ts', import.meta.url),
      onWorkerLost: (reason) => reasons.push(reason),
    });
    for (let round = 0; round < 2; round++) {
      const block = await executor.execute(job);
      assertSameBlock(block, expected, job.state, `round ${round}`);
      assert.equal(block.statistics.mode, 'sequential');
      assert.equal(block.statistics.fallback, 'worker-lost');
      executor.forgetState();
    }
    // Said once for each loss, and it is the worker that died there.
    assert.equal(reasons.length, 2);
    const [, count] = death.split('=');
    for (const reason of reasons) assert.match(reason, new RegExp(`exit code ${count}$`));
    await Promise.all([plain.close(), executor.close()]);
  });
}

test('what a block found wrong in generated code is told, on one thread and on more', async () => {
  const plain = createBlockExecutor({ workers: 1, engine: 'interpreter' });
  const expected = await plain.execute(job);
  for (const workers of [1, 2]) {
    const found: TierDifference[] = [];
    const executor = createBlockExecutor({
      workers,
      engine: 'tiered',
      parallel: workers === 1 ? 'adaptive' : 'always',
      tier: {
        hotGas: 0n,
        // ADD where SUB should be: what a token's sender has left goes up.
        compile: (each) => compileNow({ ...each, code: each.code.map(subtractsTo(0x01)) }),
        onDifference: (difference) => found.push(difference),
      },
    });
    // Code is made in the background, and what a worker found comes as a message.
    for (let round = 0; round < 50 && found.length === 0; round++) {
      const block = await executor.execute(job);
      assertSameBlock(block, expected, job.state, `${workers} workers, round ${round}`);
      executor.forgetState();
      await pause(10);
    }
    assert.ok(found.length > 0, `${workers} workers`);
    assert.equal(found[0]?.codeHashes[0]?.length, 32);
    await executor.close();
  }
  await plain.close();
});

function subtractsTo(opcode: number): (byte: number) => number {
  return (byte) => (byte === 0x03 ? opcode : byte);
}

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
