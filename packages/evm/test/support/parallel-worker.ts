/**
 * A thread of parallel-threads.test.ts: in rounds, all threads together run what is due, then all
 * validate everything. No scheduler would do it like this; it only has threads meet in the memory.
 */
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { createEvm } from '../../src/create-evm.ts';
import type { SharedMemoryPlan } from '../../src/parallel/types.ts';
import { versionedEngine } from '../../src/parallel/versioned-engine.ts';
import type { Fork } from '../../src/types.ts';
import { SPACE } from './parallel-machine.ts';
import { createSeeded, createWorld, environmentOf, makeTransactions } from './workloads.ts';

export interface WorkerJob {
  readonly plan: SharedMemoryPlan;
  readonly fork: Fork;
  readonly worker: number;
  readonly workers: number;
}

export interface BlockJob {
  readonly seed: number;
  readonly size: number;
  readonly conflicts: number;
}

/** Words of the caller's part of the memory, shared by all threads. */
const ARRIVED = 0;
const TURN = 1;
const NEXT_RUN = 2;
const NEXT_CHECK = 3;
const DUE_COUNT = 4;
const LISTS = 16;

const { plan, fork, worker, workers } = workerData as WorkerJob;
const words = new Int32Array(plan.memory.buffer, plan.extraAt, plan.extraBytes / 4);
const engine = versionedEngine(await createEvm({ fork, shared: { plan, engine: worker } }));

/** All threads come here before one goes on; the last to come does `then`. */
function meet(then: () => void = () => {}): void {
  const turn = Atomics.load(words, TURN);
  if (Atomics.add(words, ARRIVED, 1) === workers - 1) {
    then();
    Atomics.store(words, ARRIVED, 0);
    Atomics.add(words, TURN, 1);
    Atomics.notify(words, TURN);
    return;
  }
  while (Atomics.load(words, TURN) === turn) Atomics.wait(words, TURN, turn, 1_000);
}

function runBlock({ seed, size, conflicts }: BlockJob): number {
  const state = createWorld(fork);
  const shape = { fork, transactions: size, conflicts, isCoinbaseBusy: true };
  const transactions = makeTransactions(createSeeded(seed), shape, new Map());
  const environment = environmentOf();
  /** Behind the words: what is due, one word a transaction, and which incarnation comes next. */
  const isDue = LISTS;
  const incarnation = LISTS + size;
  const due = LISTS + 2 * size;
  let rounds = 0;
  const collect = (): void => {
    let count = 0;
    for (let index = 0; index < size; index++) {
      if (words[isDue + index] === 1) words[due + count++] = index;
    }
    words[DUE_COUNT] = count;
    words[NEXT_RUN] = 0;
    words[NEXT_CHECK] = 0;
  };
  meet(() => {
    words.fill(1, isDue, isDue + size);
    words.fill(0, incarnation, incarnation + size);
    collect();
  });
  while (Atomics.load(words, DUE_COUNT) > 0) {
    rounds++;
    for (;;) {
      const place = Atomics.add(words, NEXT_RUN, 1);
      if (place >= (words[DUE_COUNT] ?? 0)) break;
      const index = words[due + place] ?? 0;
      const number = words[incarnation + index] ?? 0;
      const transaction = transactions[index];
      assert(transaction !== undefined);
      const { status } = engine.execute(index, number, transaction, environment, state, SPACE);
      if (status === 'blocked') continue;
      words[incarnation + index] = number + 1;
      words[isDue + index] = 0;
    }
    meet();
    for (;;) {
      const index = Atomics.add(words, NEXT_CHECK, 1);
      if (index >= size) break;
      if (words[isDue + index] === 1 || engine.validate(index)) continue;
      engine.markEstimates(index);
      words[isDue + index] = 1;
    }
    meet(collect);
  }
  return rounds;
}

parentPort?.on('message', (job: BlockJob) => {
  parentPort?.postMessage(runBlock(job));
});
parentPort?.postMessage('ready');
