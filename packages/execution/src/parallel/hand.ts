import type { Incarnation } from '@basalt/evm';
import { NEXT_DONE, NEXT_IDLE, type SchedulerExports, TASK_EXECUTE } from './scheduler.ts';

/** One thread's work on single transactions: the multi-version memory, with all else bound. */
export interface TaskEngine {
  execute(transaction: number, incarnation: number): Incarnation;
  validate(transaction: number): boolean;
  markEstimates(transaction: number): void;
}

export type StepOutcome = 'worked' | 'idle' | 'done';

type Part = 'none' | 'execute' | 'publish' | 'validate' | 'confirm' | 'abort' | 'mark';

/**
 * One worker of a block: takes tasks of the scheduler and carries them out, one part in each
 * `step`. Between two parts any other worker may do anything; a simulation does just that.
 *
 * ```
 *   next ─┬─> execute ─> publish (blocked: give up)
 *         └─> validate ─┬─> confirm (changed meanwhile: validate)
 *                       └─> abort ─> mark ─> execute
 * ```
 */
export class Hand {
  readonly #scheduler: SchedulerExports;
  readonly #engine: TaskEngine;
  readonly #worker: number;
  #part: Part = 'none';
  /** The transaction of the task at hand. */
  transaction = -1;

  constructor(scheduler: SchedulerExports, engine: TaskEngine, worker: number) {
    this.#scheduler = scheduler;
    this.#engine = engine;
    this.#worker = worker;
  }

  get isBusy(): boolean {
    return this.#part !== 'none';
  }

  step(): StepOutcome {
    if (this.#part === 'none') return this.#take();
    this.#part = this.#carryOut();
    return 'worked';
  }

  #take(): StepOutcome {
    const task = this.#scheduler.next(this.#worker);
    if (task === NEXT_IDLE) return 'idle';
    if (task === NEXT_DONE) return 'done';
    this.transaction = task >> 1;
    this.#part = (task & 1) === TASK_EXECUTE ? 'execute' : 'validate';
    return 'worked';
  }

  /** @returns the part that follows */
  #carryOut(): Part {
    const { transaction } = this;
    const scheduler = this.#scheduler;
    switch (this.#part) {
      case 'execute': {
        const outcome = this.#engine.execute(transaction, scheduler.incarnation(transaction));
        if (outcome.status === 'executed') return 'publish';
        scheduler.blocked(this.#worker, transaction, outcome.by);
        return 'none';
      }
      case 'publish':
        scheduler.executed(transaction);
        return 'none';
      case 'validate':
        return this.#engine.validate(transaction) ? 'confirm' : 'abort';
      case 'confirm':
        return scheduler.valid(this.#worker, transaction) === 1 ? 'validate' : 'none';
      case 'abort':
        scheduler.abort(this.#worker, transaction);
        return 'mark';
      case 'mark':
        this.#engine.markEstimates(transaction);
        return 'execute';
      case 'none':
        return 'none';
    }
  }
}
