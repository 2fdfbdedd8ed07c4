import type { ExecutionStatistics } from './types.ts';

/** A block that takes less one after another is not worth waking threads for. */
const SHORT_MS = 0.4;
/** Until durations are known: fewer transactions are a short block. */
const SHORT_COUNT = 8;
/** Least speedup that dependencies known beforehand must leave. */
const BOUND_MIN = 1.2;
/** One block in so many runs one after another, for comparison. */
const COMPARE_EVERY = 64;
/** Attempts a transaction from which a comparison is due at once. */
const ATTEMPTS_SUSPICIOUS = 1.4;
/** Running in parallel ends when it takes longer than this part of one after another... */
const LEAVE_RATIO = 1;
/** ...and begins again when a probe takes less than this part: the gap keeps it from swinging. */
const RETURN_RATIO = 0.9;
/** Blocks one after another before the next probe; doubled by each probe that fails. */
const PAUSE_BLOCKS_MIN = 16;
const PAUSE_BLOCKS_MAX = 512;
/** Weight of the newest block in an average. */
const NEWEST = 0.3;

export interface BlockOutline {
  readonly transactions: number;
  /**
   * Sum of gas limits over those of the heaviest chain of transactions that depend on each other for
   * sure: what any number of workers could gain.
   */
  readonly speedupBound: number;
}

export type ModeChoice =
  | { readonly mode: 'parallel' }
  | { readonly mode: 'sequential'; readonly reason: ExecutionStatistics['fallback'] };

const PARALLEL: ModeChoice = { mode: 'parallel' };

/**
 * Decides block by block whether threads pay, from how long blocks took in either mode, per unit of
 * gas. Running one after another must never be more than a twentieth faster for long.
 */
export class ModeChooser {
  /** Milliseconds per unit of gas and per transaction; undefined: not measured. */
  #sequentialCost: number | undefined;
  #parallelCost: number | undefined;
  #sequentialPerTransaction: number | undefined;
  #sinceComparison = 0;
  #isComparisonDue = false;
  /** Blocks left before parallel is probed; 0: parallel is the mode. */
  #pause = 0;
  #pauseLength = PAUSE_BLOCKS_MIN;
  #isProbe = false;

  choose({ transactions, speedupBound }: BlockOutline): ModeChoice {
    const perTransaction = this.#sequentialPerTransaction;
    const isShort =
      perTransaction === undefined
        ? transactions < SHORT_COUNT
        : transactions * perTransaction < SHORT_MS;
    if (isShort || transactions < 2) return { mode: 'sequential', reason: 'short-block' };
    if (speedupBound < BOUND_MIN) return { mode: 'sequential', reason: 'conflict' };
    if (this.#pause > 0) {
      this.#pause--;
      if (this.#pause > 0) return { mode: 'sequential', reason: 'conflict' };
      this.#isProbe = true;
      return PARALLEL;
    }
    if (this.#isComparisonDue || this.#sinceComparison >= COMPARE_EVERY) {
      this.#isComparisonDue = false;
      this.#sinceComparison = 0;
      return { mode: 'sequential', reason: 'comparison' };
    }
    this.#sinceComparison++;
    return PARALLEL;
  }

  /** What a block took that was not short. */
  record(statistics: ExecutionStatistics, transactions: number, gasUsed: bigint): void {
    const { mode, fallback, durationMs, executions } = statistics;
    if (transactions === 0 || gasUsed === 0n) return;
    const cost = durationMs / Number(gasUsed);
    if (mode === 'sequential') {
      const perTransaction = durationMs / transactions;
      this.#sequentialPerTransaction = average(this.#sequentialPerTransaction, perTransaction);
      if (fallback !== 'short-block') this.#sequentialCost = average(this.#sequentialCost, cost);
      if (fallback === 'comparison') this.#judge();
      return;
    }
    if (this.#isProbe) {
      this.#isProbe = false;
      this.#parallelCost = cost;
      this.#judgeProbe(cost);
      return;
    }
    this.#parallelCost = average(this.#parallelCost, cost);
    const isSuspicious = executions > transactions * ATTEMPTS_SUSPICIOUS;
    if (isSuspicious && this.#sinceComparison > 2) this.#isComparisonDue = true;
    // The first comparison comes early; until then nothing is known.
    if (this.#sequentialCost === undefined && this.#sinceComparison > 4) {
      this.#isComparisonDue = true;
    }
    this.#judge();
  }

  /** A thread was lost on a block: the next ones do without, longer each time. */
  recordLoss(): void {
    this.#isProbe = false;
    this.#pause = this.#pauseLength;
    this.#pauseLength = Math.min(this.#pauseLength * 2, PAUSE_BLOCKS_MAX);
  }

  #judge(): void {
    if (this.#sequentialCost === undefined || this.#parallelCost === undefined) return;
    if (this.#parallelCost <= this.#sequentialCost * LEAVE_RATIO) return;
    this.#pause = this.#pauseLength;
  }

  #judgeProbe(cost: number): void {
    if (this.#sequentialCost === undefined || cost < this.#sequentialCost * RETURN_RATIO) {
      this.#pauseLength = PAUSE_BLOCKS_MIN;
      return;
    }
    this.#pauseLength = Math.min(this.#pauseLength * 2, PAUSE_BLOCKS_MAX);
    this.#pause = this.#pauseLength;
  }
}

function average(before: number | undefined, newest: number): number {
  return before === undefined ? newest : before + (newest - before) * NEWEST;
}
