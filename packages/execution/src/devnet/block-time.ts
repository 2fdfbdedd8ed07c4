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

  increase(seconds: bigint): bigint {
    this.#offset += seconds;
    this.#pending += seconds;
    if (this.#next !== undefined) this.#next += seconds;
    return this.#offset;
  }

  /** undefined: by the clock again. */
  setInterval(seconds: bigint | undefined): void {
    this.#interval = seconds;
  }

  setNext(timestamp: bigint): void {
    this.#next = timestamp;
  }

  /** The clock shows this now; `parent` is the newest block's timestamp. */
  set(timestamp: bigint, parent: bigint): void {
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
