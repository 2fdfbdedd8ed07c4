/**
 * The scheduler's module (assembly/scheduler) on one thread. All threads of a block attach it to
 * the same place of the same shared memory.
 */
import type { SchedulerStatistics } from './types.ts';

/** What `next` gives when it gives no task. */
export const NEXT_IDLE = -1;
export const NEXT_DONE = -2;
/** The lowest bit of a task to execute, 1 of one to validate; the others are its transaction. */
export const TASK_EXECUTE = 0;

/** State of a block that is not done: 1 is done, 2 is cancelled. */
export const SCHEDULER_OPEN = 0;

/** As assembly/scheduler/index.ts has them. */
export interface SchedulerExports {
  bytesFor(transactions: number, workers: number): number;
  attach(at: number, transactions: number, workers: number): void;
  begin(count: number): void;
  hint(transaction: number, predecessor: number): void;
  cancel(): void;
  state(): number;
  incarnation(transaction: number): number;
  counter(worker: number, which: number): number;
  next(worker: number): number;
  executed(transaction: number): void;
  blocked(worker: number, transaction: number, by: number): void;
  valid(worker: number, transaction: number): number;
  abort(worker: number, transaction: number): void;
  idle(spins: number, nanoseconds: bigint): void;
}

/** Where the scheduler lies, and for how much it has room. */
export interface SchedulerPlace {
  /** A multiple of 64. */
  readonly at: number;
  readonly transactions: number;
  readonly workers: number;
}

/** Bytes at the end of a plan: a cache line for each counter, 32 a transaction and a bit. */
export function schedulerBytes({ transactions, workers }: Omit<SchedulerPlace, 'at'>): number {
  return 640 + workers * 64 + transactions * 32 + ((transactions + 31) >>> 5) * 4;
}

export function attachScheduler(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  { at, transactions, workers }: SchedulerPlace,
  host: WebAssembly.ModuleImports = {},
): SchedulerExports {
  const instance = new WebAssembly.Instance(module, { env: { memory }, host });
  const exports = instance.exports as unknown as SchedulerExports;
  exports.attach(at, transactions, workers);
  return exports;
}

export function readCounters(scheduler: SchedulerExports, workers: number): SchedulerStatistics {
  const sum = (which: number): number => {
    let total = 0;
    for (let worker = 0; worker < workers; worker++) total += scheduler.counter(worker, which);
    return total;
  };
  return { executions: sum(0), validations: sum(1), aborts: sum(2), suspensions: sum(3) };
}
