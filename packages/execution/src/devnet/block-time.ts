import { ExecutionError } from '../errors.ts';
import { BLOCK_TIME_MAX } from './limits.ts';

/**
 * Which timestamp the next block has. A devnet's time is the clock's plus an offset that a
 * developer moves; where runs must repeat there is no clock, and time passes with the blocks.
 */
export interface BlockTimeOptions {
  /** Seconds since the Unix epoch; undefined: time passes with the blocks alone. */
  readonly nowSeconds: (() => bigint) | undefined;
  /** Without a clock: seconds between two blocks. */
  readonly stepSeconds: bigint;
}

/** What `evm_snapshot` keeps of it. */
export interface BlockTimeState {
  readonly offset: bigint;
  readonly pending: bigint;
  readonly next: bigint | undefined;
}

export class BlockTime {
  readonly #options: BlockTimeOptions;
  /** Seconds ahead of the clock; without a clock all that were ever added. */
  #offset = 0n;
  /** Without a clock: seconds that the next block jumps ahead in addition. */
  #pending = 0n;
  /** Exactly this, once. */
  #next: bigint | undefined;
  /** Seconds between any two blocks, whatever the clock shows. */
  #interval: bigint | undefined;

  constructor(options: BlockTimeOptions) {
    this.#options = options;
  }

  /** Timestamp of a block after `parent`; strictly later than it. */
  after(parent: bigint): bigint {
    if (this.#next !== undefined) return this.#next;
    const wanted = this.now(parent);
    return wanted > parent ? wanted : parent + 1n;
  }

  /** The devnet's time now, going by the newest block where there is no clock. */
  now(parent: bigint): bigint {
    const { nowSeconds, stepSeconds } = this.#options;
    if (this.#interval !== undefined) return parent + this.#interval + this.#pending;
    if (nowSeconds === undefined) return parent + stepSeconds + this.#pending;
    return nowSeconds() + this.#offset;
  }

  /** A block with this timestamp is there. */
  used(timestamp: bigint): void {
    if (this.#next !== undefined) this.#align(timestamp);
    this.#next = undefined;
    this.#pending = 0n;
  }

  /**
   * @param parent timestamp of the newest block
   * @throws ExecutionError `invalid` for a time beyond the last that can be set
   */
  increase(seconds: bigint, parent: bigint): bigint {
    assertTime(this.after(parent) + seconds);
    this.#offset += seconds;
    this.#pending += seconds;
    if (this.#next !== undefined) this.#next += seconds;
    return this.#offset;
  }

  /**
   * @param seconds undefined: by the clock again
   * @throws ExecutionError `invalid` when the next block would lie beyond the last time
   */
  setInterval(seconds: bigint | undefined, parent: bigint): void {
    if (seconds !== undefined) assertTime(parent + seconds);
    this.#interval = seconds;
  }

  /** @throws ExecutionError `invalid` for a time beyond the last that can be set */
  setNext(timestamp: bigint): void {
    assertTime(timestamp);
    this.#next = timestamp;
  }

  /**
   * The clock shows this now; `parent` is the newest block's timestamp.
   *
   * @throws ExecutionError `invalid` for a time beyond the last that can be set
   */
  set(timestamp: bigint, parent: bigint): void {
    assertTime(timestamp);
    this.#next = undefined;
    if (this.#options.nowSeconds === undefined) {
      this.#pending = timestamp - parent - this.#options.stepSeconds;
    } else {
      this.#align(timestamp);
    }
  }

  save(): BlockTimeState {
    return { offset: this.#offset, pending: this.#pending, next: this.#next };
  }

  restore({ offset, pending, next }: BlockTimeState): void {
    this.#offset = offset;
    this.#pending = pending;
    this.#next = next;
  }

  #align(timestamp: bigint): void {
    const { nowSeconds } = this.#options;
    if (nowSeconds !== undefined) this.#offset = timestamp - nowSeconds();
  }
}

function assertTime(timestamp: bigint): void {
  if (timestamp <= BLOCK_TIME_MAX) return;
  const message = `a block at second ${timestamp}: the last that can be set is ${BLOCK_TIME_MAX}`;
  throw new ExecutionError('invalid', message, { timestamp });
}
