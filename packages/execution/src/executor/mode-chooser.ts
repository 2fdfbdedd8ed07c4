import type { ExecutionStatistics, ModePolicy, ModeState } from './types.ts';

/** A block that takes less one after another is not worth waking threads for. */
const SHORT_MS = 0.4;
/** Until durations are known: fewer transactions are a short block. */
const SHORT_COUNT = 8;
/** Least speedup that dependencies known beforehand must leave. */
const BOUND_MIN = 1.2;
/**
 * Part of a worker's time that one after another would take too; the rest goes into decoding the
 * transaction, tasks and validation. From blocks run by one worker and in order: 0.7 at 2 us a
 * transaction, 0.95 at 30 us.
 */
const USEFUL_PART = 0.85;
/** What a read of the state below takes on the thread that has it. */
const MISS_MS = 0.002;
/** Threads are left when their gain, averaged, is below this... */
const GAIN_LEAVE = 1;
/** ...and come back when a probe gains so much: the gap keeps the mode from swinging. */
const GAIN_RETURN = 1.15;
/** Blocks one after another before the next probe; doubled by each probe that fails. */
const PAUSE_BLOCKS_MIN = 16;
const PAUSE_BLOCKS_MAX = 512;
/** Weight of the newest block in an average. */
const NEWEST = 0.3;

export interface BlockOutline {
  readonly transactions: number;
  /**
   * Sum of gas limits over those of the heaviest chain of transactions that depend on each other
   * for sure: what any number of workers could gain. Asked for only when it decides.
   */
  readonly speedupBound: number;
}

export type ModeChoice =
  | { readonly mode: 'parallel' }
  | { readonly mode: 'sequential'; readonly reason: ExecutionStatistics['fallback'] };

/** What a block took in parallel. */
export interface ParallelTimes {
  readonly statistics: Pick<ExecutionStatistics, 'durationMs' | 'executions' | 'misses'>;
  readonly transactions: number;
  /** Time that workers were at work, all together. */
  readonly busyMs: number;
  /** Part of the duration after the workers were done: either mode has it. */
  readonly afterMs: number;
}

const PARALLEL: ModeChoice = { mode: 'parallel' };

/**
 * Decides block by block whether threads pay. Blocks differ too much for comparing one with
 * another, so each block that ran in parallel is compared with itself: what its workers did,
 * without the attempts that came to nothing, is about what one after another would have taken.
 */
export class ModeChooser {
  /** Milliseconds per transaction, one after another; undefined: not measured. */
  #perTransaction: number | undefined;
  /** Averaged: one after another, as estimated, over in parallel. */
  #gain: number | undefined;
  /** Blocks left before parallel is probed; 0: parallel is the mode. */
  #pause = 0;
  #pauseLength = PAUSE_BLOCKS_MIN;
  #isProbe = false;
  #runsPerTransaction: number | undefined;
  /** An operator's word comes before what was measured. */
  policy: ModePolicy = 'adaptive';

  choose(outline: BlockOutline): ModeChoice {
    const { transactions } = outline;
    const isShort =
      this.#perTransaction === undefined
        ? transactions < SHORT_COUNT
        : transactions * this.#perTransaction < SHORT_MS;
    if (isShort || transactions < 2) return { mode: 'sequential', reason: 'short-block' };
    if (this.policy === 'sequential') return { mode: 'sequential', reason: 'by-hand' };
    if (this.policy === 'parallel') return PARALLEL;
    if (this.#pause > 1) {
      this.#pause--;
      return { mode: 'sequential', reason: 'conflict' };
    }
    if (outline.speedupBound < BOUND_MIN) return { mode: 'sequential', reason: 'conflict' };
    this.#isProbe = this.#pause === 1;
    this.#pause = 0;
    return PARALLEL;
  }

  recordInOrder(transactions: number, durationMs: number): void {
    if (transactions === 0) return;
    this.#perTransaction = average(this.#perTransaction, durationMs / transactions);
  }

  recordParallel({ statistics, transactions, busyMs, afterMs }: ParallelTimes): void {
    const { durationMs, executions, misses } = statistics;
    if (executions === 0 || durationMs === 0) return;
    const useful = busyMs * USEFUL_PART * (transactions / executions);
    const inOrderMs = useful + misses * MISS_MS + afterMs;
    this.recordInOrder(transactions, inOrderMs);
    const gain = inOrderMs / durationMs;
    this.#runsPerTransaction = average(this.#runsPerTransaction, executions / transactions);
    if (this.#isProbe) {
      this.#isProbe = false;
      this.#judgeProbe(gain);
      return;
    }
    this.#gain = average(this.#gain, gain);
    if (this.#gain < GAIN_LEAVE && this.policy === 'adaptive') this.#pause = this.#pauseLength;
  }

  /** A thread was lost on a block: the next ones do without, longer each time. */
  recordLoss(): void {
    this.#judgeProbe(0);
  }

  state(): ModeState {
    const adaptive = this.#pause > 0 ? 'sequential' : 'parallel';
    return {
      mode: this.policy === 'adaptive' ? adaptive : this.policy,
      gain: this.#gain,
      runsPerTransaction: this.#runsPerTransaction,
      pauseBlocks: this.#pause,
    };
  }

  #judgeProbe(gain: number): void {
    this.#gain = gain;
    if (gain >= GAIN_RETURN) {
      this.#pauseLength = PAUSE_BLOCKS_MIN;
      return;
    }
    this.#isProbe = false;
    this.#pause = this.#pauseLength;
    this.#pauseLength = Math.min(this.#pauseLength * 2, PAUSE_BLOCKS_MAX);
  }
}

function average(before: number | undefined, newest: number): number {
  return before === undefined ? newest : before + (newest - before) * NEWEST;
}
