/** Made blocks from no conflict to nothing but conflict, on one thread to eight. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileNow, createEvm } from '@basalt/evm';
import type { WorkloadOptions } from '../../bench/workloads.ts';
import { createBlockExecutor } from '../../src/executor/create-block-executor.ts';
import { runSequential } from '../../src/executor/sequential.ts';
import type { ExecutedBlock, ExecutionJob } from '../../src/executor/types.ts';
import { assertSameBlock } from '../support/compare-blocks.ts';
import { workloadJob } from '../support/workload-job.ts';

const TRANSACTIONS = 120;
const WORKLOADS: readonly WorkloadOptions[] = [
  ...[0, 1, 10, 50, 100].map(
    (conflictPercent): WorkloadOptions => ({
      kind: 'mixed',
      transactions: TRANSACTIONS,
      conflictPercent,
    }),
  ),
  // Two accounts that send to each other: nonces, balances and tokens all depend.
  { kind: 'token', transactions: TRANSACTIONS, accounts: 2 },
  { kind: 'swap', transactions: TRANSACTIONS, pairs: 1 },
];

/** On an engine of its own, over a plain overlay: nothing of it is shared with what is tested. */
async function expectedOf(job: ExecutionJob): Promise<Omit<ExecutedBlock, 'statistics'>> {
  const { results, state, gasUsed, blobGasUsed } = runSequential(
    await createEvm({ fork: job.fork }),
    job,
  );
  return { results, gasUsed, blobGasUsed, changes: state.changes() };
}

const jobs = new Map(WORKLOADS.map((options) => [options, workloadJob(options)]));

const RUNS = [1, 2, 4, 8].flatMap((workers) =>
  (['interpreter', 'tiered'] as const).map((engine) => ({ workers, engine })),
);

for (const { workers, engine } of RUNS) {
  test(`any rate of conflict, ${workers} workers, ${engine}`, async () => {
    const executor = createBlockExecutor({
      workers,
      engine,
      parallel: 'always',
      scheduleSeed: workers,
      // Nearly every code is generated.
      tier: { compile: compileNow, hotGas: 1_000n },
    });
    for (const job of jobs.values()) {
      const expected = await expectedOf(job);
      assert.ok(expected.results.every(({ included }) => included));
      const found = await executor.execute(job);
      assertSameBlock(found, expected, job.state, `${workers} workers`);
      assert.equal(found.statistics.mode, 'parallel');
      assert.ok(found.statistics.executions >= TRANSACTIONS);
      executor.forgetState();
    }
    await executor.close();
  });
}

/** A machine that gives one thread all the time has no conflicts: then the block runs once more. */
const ATTEMPTS_MAX = 50;

test('conflicts show in the statistics, with the slots that cause them', async () => {
  const executor = createBlockExecutor({
    workers: 4,
    engine: 'interpreter',
    parallel: 'always',
    scheduleSeed: 1,
  });
  const job = workloadJob({ kind: 'swap', transactions: TRANSACTIONS, pairs: 1 });
  let hasConflicts = false;
  for (let attempt = 0; attempt < ATTEMPTS_MAX && !hasConflicts; attempt++) {
    const { statistics } = await executor.execute(job);
    const { aborts, suspensions, hotKeys } = statistics;
    assert.ok(hotKeys.length <= 8);
    hasConflicts = aborts + suspensions > 0 && hotKeys.some(({ slot }) => slot !== undefined);
    executor.forgetState();
  }
  assert.ok(hasConflicts);
  await executor.close();
});

test('values stay from block to block, and follow changes from elsewhere', async () => {
  const options = { kind: 'ether', transactions: 20 } as const;
  const job = workloadJob(options);
  for (const parallel of ['always', 'adaptive'] as const) {
    const workers = parallel === 'always' ? 2 : 1;
    const executor = createBlockExecutor({ workers, engine: 'interpreter', parallel });
    const first = await executor.execute(job);
    assert.ok(first.results.every(({ included }) => included));
    // The nonces went up: the same transactions can not be included again.
    const again = await executor.execute({ ...job, purpose: 'build' });
    assert.ok(again.results.every((each) => !each.included && each.error.code === 'nonce-too-low'));
    assert.deepEqual(again.changes, []);
    // As if the first block were undone.
    const undone = first.changes.map(({ address }) => ({
      address,
      account: job.state.readAccount(address),
      storageCleared: false,
      storage: [],
    }));
    executor.applyChanges(undone);
    const third = await executor.execute(job);
    assertSameBlock(third, first, job.state, 'undone');
    executor.forgetState();
    assertSameBlock(await executor.execute(job), first, job.state, 'forgotten');
    await executor.close();
  }
});
