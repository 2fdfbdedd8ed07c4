import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createEvm } from '../src/create-evm.ts';
import { planSharedMemory } from '../src/parallel/plan.ts';
import { createVersionedMemory } from '../src/parallel/versioned-memory.ts';
import { linesOf, resultsOf, runSequentially, SMALL } from './support/parallel-machine.ts';
import type { BlockJob, WorkerJob } from './support/parallel-worker.ts';
import { createSeeded, createWorld, environmentOf, makeTransactions } from './support/workloads.ts';

const WORKERS = 3;
const SIZE = 64;
const SEEDS = 6;

for (const fork of ['homestead', 'istanbul', 'osaka'] as const) {
  test(`${fork}: threads that meet in the same cells leave what one leaves`, async () => {
    const plan = planSharedMemory({ ...SMALL, engines: WORKERS, extraBytes: 4 * (16 + 3 * SIZE) });
    const memory = createVersionedMemory(plan);
    const evm = await createEvm({ fork });
    const workers = Array.from({ length: WORKERS }, (_, worker) => {
      const workerData: WorkerJob = { plan, fork, worker, workers: WORKERS };
      return new Worker(new URL('support/parallel-worker.ts', import.meta.url), { workerData });
    });
    try {
      await Promise.all(workers.map((worker) => once(worker, 'message')));
      for (let seed = 1; seed <= SEEDS; seed++) {
        const conflicts = [10, 50, 100][seed % 3] ?? 0;
        const job: BlockJob = { seed, size: SIZE, conflicts };
        memory.clear();
        memory.beginBlock(SIZE);
        const done = workers.map((worker) => once(worker, 'message'));
        for (const worker of workers) worker.postMessage(job);
        await Promise.all(done);
        const expected = createWorld(fork);
        const actual = createWorld(fork);
        const shape = { fork, transactions: SIZE, conflicts, isCoinbaseBusy: true };
        const transactions = makeTransactions(createSeeded(seed), shape, new Map());
        const block = { environment: environmentOf(), transactions };
        const results = runSequentially(evm, expected, block);
        assert.deepEqual(resultsOf(memory, SIZE), results, `seed ${seed}`);
        actual.apply(memory.changes(SIZE));
        assert.deepEqual(linesOf(actual), linesOf(expected), `seed ${seed}`);
      }
    } finally {
      await Promise.all(workers.map((worker) => worker.terminate()));
    }
  });
}
