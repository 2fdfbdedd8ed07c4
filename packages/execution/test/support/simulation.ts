/**
 * Many logical workers on one thread. Between any two parts of a task, at every place where the
 * scheduler says that another thread may come, and inside the engine, a seed says who goes on. A
 * worker that is interrupted inside a call goes on when those that came between have paused.
 */
import assert from 'node:assert/strict';
import { compileScheduler } from '../../assembly/compile.mjs';
import { Hand, type StepOutcome, type TaskEngine } from '../../src/parallel/hand.ts';
import {
  attachScheduler,
  readCounters,
  SCHEDULER_OPEN,
  type SchedulerExports,
  schedulerBytes,
} from '../../src/parallel/scheduler.ts';
import type { SchedulerStatistics } from '../../src/parallel/types.ts';
import { type Below, runToySequential, seeded, type ToyBlock, ToyEngine } from './toy-engine.ts';

const TRANSACTIONS_MAX = 256;
const WORKERS_MAX = 8;
/** Faults are switched by a number in a word that nothing else uses. */
const SWITCH_AT = 16;
const SCHEDULER_AT = 1024;

/** A change to the scheduler's source that brings back a known fault. */
export interface SchedulerFault {
  readonly name: string;
  /** `ON` in what comes in stands for: this fault is switched on. */
  readonly edits: readonly { readonly out: string; readonly in: string }[];
}

export interface SimulationOptions {
  readonly workers: number;
  readonly seed: number;
  /** One place in so many is used to let others run. */
  readonly calm?: number;
  /** Lower transaction that each should wait for; -1: none. */
  readonly hints?: readonly number[];
}

export interface SimulationResult {
  readonly statistics: SchedulerStatistics;
  readonly steps: number;
}

/** The scheduler with places to interrupt and with all the faults in it, all of them off. */
export class Simulator {
  readonly #memory: WebAssembly.Memory;
  readonly #scheduler: SchedulerExports;
  #preempt: () => void = () => {};

  private constructor(module: WebAssembly.Module) {
    this.#memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
    const room = { transactions: TRANSACTIONS_MAX, workers: WORKERS_MAX };
    assert.ok(SCHEDULER_AT + schedulerBytes(room) < 65_536);
    this.#scheduler = attachScheduler(
      module,
      this.#memory,
      { at: SCHEDULER_AT, ...room },
      { preempt: () => this.#preempt() },
    );
    assert.equal(
      this.#scheduler.bytesFor(room.transactions, room.workers),
      schedulerBytes(room),
      'both sides count the same bytes',
    );
  }

  static async create(faults: readonly SchedulerFault[]): Promise<Simulator> {
    const edit = (name: string, text: string): string => {
      if (!name.endsWith('index.ts')) return text;
      let edited = text;
      for (const [index, fault] of faults.entries()) {
        for (const change of fault.edits) {
          assert.ok(edited.includes(change.out), `the source has the text of "${fault.name}"`);
          const isOn = `(load<u32>(${SWITCH_AT}) == ${index + 1})`;
          edited = edited.replace(change.out, () => change.in.replaceAll(/\bON\b/g, isOn));
        }
      }
      return edited;
    };
    const binary = await compileScheduler({ isPreemptible: true, edit });
    return new Simulator(new WebAssembly.Module(binary));
  }

  /** Turns on one fault by its number from 1; 0: none. */
  setFault(number: number): void {
    new Int32Array(this.#memory.buffer)[SWITCH_AT / 4] = number;
  }

  /**
   * Runs a block to its end and compares with one after another.
   *
   * @throws {assert.AssertionError} for a wrong result, two tasks for one transaction, a task after
   *   the end, an end with a task in flight, no end
   */
  run(block: ToyBlock, options: SimulationOptions): SimulationResult {
    const { workers, seed, calm = 6, hints = [] } = options;
    const below = seeded(seed);
    const scheduler = this.#scheduler;
    const { length: count } = block.transactions;
    scheduler.begin(count);
    hints.forEach((predecessor, transaction) => {
      if (predecessor >= 0) scheduler.hint(transaction, predecessor);
    });
    const toy = new ToyEngine(block, undefined, () => this.#preempt());
    const engine = exclusive(toy);
    const hands = Array.from({ length: workers }, (_, i) => new Hand(scheduler, engine, i));
    const run = new Run(scheduler, hands, below, { calm, stepsMax: 4_000 + count * 4_000 });
    this.#preempt = () => run.preempt();
    try {
      run.toEnd();
    } finally {
      this.#preempt = () => {};
    }
    assert.deepEqual(toy.state(), runToySequential(block), 'as one after another');
    return { statistics: readCounters(scheduler, WORKERS_MAX), steps: run.steps };
  }

  /**
   * Runs a block in rounds, every worker a part of a task in each; transaction 0 ends its first run
   * only when all others have nothing to do.
   *
   * @returns the rounds after that
   */
  roundsAfterSlowFirst(block: ToyBlock, workers: number): number {
    const scheduler = this.#scheduler;
    scheduler.begin(block.transactions.length);
    const toy = new ToyEngine(block);
    const hands = Array.from({ length: workers }, (_, i) => new Hand(scheduler, toy, i));
    const [slow, ...others] = hands;
    assert.ok(slow !== undefined);
    slow.step();
    assert.equal(slow.transaction, 0);
    while (stepAll(others).includes('worked'));
    let rounds = 0;
    while (stepAll(hands).some((outcome) => outcome !== 'done')) {
      rounds++;
      assert.ok(rounds < 100_000, 'the block ends');
    }
    assert.deepEqual(toy.state(), runToySequential(block));
    return rounds;
  }
}

class Run {
  readonly #scheduler: SchedulerExports;
  readonly #hands: readonly Hand[];
  readonly #below: Below;
  readonly #calm: number;
  readonly #stepsMax: number;
  readonly #isInside: boolean[];
  readonly #hasEnded: boolean[];
  /** Steps in a row, of anybody, that found nothing to do. */
  #idleSteps = 0;
  #preemptions = 0;
  steps = 0;

  constructor(
    scheduler: SchedulerExports,
    hands: readonly Hand[],
    below: Below,
    { calm, stepsMax }: { calm: number; stepsMax: number },
  ) {
    this.#scheduler = scheduler;
    this.#hands = hands;
    this.#below = below;
    this.#calm = calm;
    this.#stepsMax = stepsMax;
    this.#isInside = hands.map(() => false);
    this.#hasEnded = hands.map(() => false);
  }

  toEnd(): void {
    while (this.#hasEnded.includes(false)) this.#step(this.#below(this.#hands.length));
  }

  /** Somewhere inside a worker's call: others may go on for a while. */
  preempt(): void {
    this.#preemptions++;
    assert.ok(this.#preemptions < 50 * this.#stepsMax, 'a call ends');
    if (this.#below(this.#calm) !== 0) return;
    const turns = 1 + this.#below(12);
    for (let turn = 0; turn < turns; turn++) this.#step(this.#below(this.#hands.length));
  }

  #step(index: number): void {
    const hand = this.#hands[index]!;
    if (this.#isInside[index] === true || this.#hasEnded[index] === true) return;
    this.steps++;
    assert.ok(this.steps < this.#stepsMax, 'the block ends');
    this.#isInside[index] = true;
    const wasBusy = hand.isBusy;
    const outcome = hand.step();
    this.#isInside[index] = false;
    if (outcome === 'done') {
      this.#hasEnded[index] = true;
      const busy = this.#hands.filter(({ isBusy }) => isBusy).map(({ transaction }) => transaction);
      assert.deepEqual(busy, [], 'no task is in flight when the block is done');
      return;
    }
    if (!wasBusy && outcome === 'worked') this.#checkTask(hand);
    const isNobodyBusy = this.#hands.every(({ isBusy }) => !isBusy);
    this.#idleSteps = outcome === 'idle' && isNobodyBusy ? this.#idleSteps + 1 : 0;
    const isInsideAny = this.#isInside.includes(true);
    assert.ok(this.#idleSteps < 200 || isInsideAny, 'somebody has work until the block is done');
  }

  #checkTask(hand: Hand): void {
    assert.equal(this.#scheduler.state(), SCHEDULER_OPEN, 'no task after the block was done');
    // One that is inside a call may be giving its task up; the engine's calls are watched too.
    const same = this.#hands.filter(
      (other, index) =>
        other.isBusy && other.transaction === hand.transaction && this.#isInside[index] === false,
    );
    assert.equal(same.length, 1, `transaction ${hand.transaction} has one task at a time`);
  }
}

function stepAll(hands: readonly Hand[]): StepOutcome[] {
  return hands.map((hand) => hand.step());
}

/** Fails when two calls for one transaction overlap. */
function exclusive(engine: TaskEngine): TaskEngine {
  const open = new Set<number>();
  const guard = <T>(transaction: number, call: () => T): T => {
    assert.ok(!open.has(transaction), `two calls for transaction ${transaction} at once`);
    open.add(transaction);
    try {
      return call();
    } finally {
      open.delete(transaction);
    }
  };
  return {
    execute: (t, incarnation) => guard(t, () => engine.execute(t, incarnation)),
    validate: (t) => guard(t, () => engine.validate(t)),
    markEstimates: (t) => guard(t, () => engine.markEstimates(t)),
  };
}
