import type { Entry } from './entry.ts';

/**
 * What one sender has in the pool, in order of nonce: first those that can be executed one after
 * the other, then those that wait, behind a missing nonce or until the account can pay for all
 * before them too.
 */
export class SenderQueue {
  readonly address: Uint8Array;
  readonly key: string;
  /** Of the account, after the newest block. */
  nonce = 0n;
  balance = 0n;
  /** The first `executable` of them are. */
  readonly entries: Entry[] = [];
  executable = 0;
  bytes = 0;
  /** When the newest came. */
  beatMs = 0;
  /** Place in the heap of those that may be evicted; owned by the heap. */
  heapIndex = -1;

  constructor(address: Uint8Array, key: string) {
    this.address = address;
    this.key = key;
  }

  get queued(): number {
    return this.entries.length - this.executable;
  }

  /** No nonce is missing before the first that waits: it waits for money. */
  get lacksMoney(): boolean {
    const first = this.entries[this.executable];
    return first !== undefined && first.nonce === this.nonce + BigInt(this.executable);
  }

  get tail(): Entry | undefined {
    return this.entries[this.entries.length - 1];
  }

  /** Where an entry of this nonce is or would be. */
  indexOf(nonce: bigint): number {
    const { entries } = this;
    let low = 0;
    let high = entries.length;
    const last = entries[high - 1];
    if (last === undefined || nonce > last.nonce) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((entries[middle]?.nonce ?? 0n) < nonce) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  find(nonce: bigint): Entry | undefined {
    const entry = this.entries[this.indexOf(nonce)];
    return entry?.nonce === nonce ? entry : undefined;
  }

  /** @returns the one whose place it takes */
  put(entry: Entry): Entry | undefined {
    const index = this.indexOf(entry.nonce);
    const found = this.entries[index];
    const replaced = found?.nonce === entry.nonce ? found : undefined;
    this.entries.splice(index, replaced === undefined ? 0 : 1, entry);
    this.bytes += entry.sizeBytes - (replaced?.sizeBytes ?? 0);
    this.#settle(index);
    return replaced;
  }

  take(entry: Entry): void {
    const index = this.indexOf(entry.nonce);
    if (this.entries[index] !== entry) return;
    this.entries.splice(index, 1);
    this.bytes -= entry.sizeBytes;
    this.#settle(index);
  }

  /**
   * The account changed.
   *
   * @returns those whose nonce is used up, taken out
   */
  refresh(nonce: bigint, balance: bigint): Entry[] {
    this.nonce = nonce;
    this.balance = balance;
    const stale = this.entries.splice(0, this.indexOf(nonce));
    for (const { sizeBytes } of stale) this.bytes -= sizeBytes;
    this.#settle(0);
    return stale;
  }

  /** Finds out anew, from one on, what is executable and what it takes to get there. */
  #settle(from: number): void {
    const { entries } = this;
    let previous = entries[from - 1];
    for (let index = from; index < entries.length; index++) {
      const entry = entries[index] as Entry;
      const isNext = entry.nonce === (previous === undefined ? this.nonce : previous.nonce + 1n);
      entry.costSum = entry.cost + (previous?.costSum ?? 0n);
      const isReached = (previous?.isExecutable ?? true) && isNext;
      entry.isExecutable = isReached && entry.costSum <= this.balance;
      entry.feeCapLeast = least(entry.feeCap, previous?.feeCapLeast);
      entry.tipCapLeast = least(entry.tipCap, previous?.tipCapLeast);
      previous = entry;
    }
    this.executable = this.#countExecutable(from);
  }

  #countExecutable(from: number): number {
    let count = Math.min(this.executable, from);
    while (this.entries[count]?.isExecutable === true) count++;
    return count;
  }
}

function least(a: bigint, b: bigint | undefined): bigint {
  return b !== undefined && b < a ? b : a;
}
