import { type Entry, tipAt } from './entry.ts';
import { Heap } from './heap.ts';
import type { SenderQueue } from './sender-queue.ts';

/**
 * Which transaction goes first when the pool is full. Only the last of a sender can go, for what is
 * before it would be of no use to those behind. Worst first: one that waits before one that can be
 * executed, then the lower tip, where the tip of a transaction is the least of all that its sender
 * has before it, then the younger.
 */
export class EvictionOrder {
  #baseFee = 0n;
  #isStale = false;
  readonly #heap = new Heap<SenderQueue>(
    (a, b) => this.#isWorse(a, b),
    (queue, index) => {
      queue.heapIndex = index;
    },
  );

  /** Prices compare in another way now; the order is made anew when it is asked for. */
  setBaseFee(baseFee: bigint): void {
    if (baseFee !== this.#baseFee) this.#isStale = true;
    this.#baseFee = baseFee;
  }

  /** To be called whenever the last entry of a queue changed. */
  update(queue: SenderQueue): void {
    if (queue.entries.length === 0) {
      if (queue.heapIndex >= 0) this.#heap.removeAt(queue.heapIndex);
    } else if (queue.heapIndex < 0) {
      this.#heap.push(queue);
    } else if (!this.#isStale) {
      this.#heap.moved(queue.heapIndex);
    }
  }

  /** The queue whose last entry is the worst of all. */
  worst(): SenderQueue | undefined {
    if (this.#isStale) {
      this.#isStale = false;
      this.#heap.rebuild();
    }
    return this.#heap.top;
  }

  #isWorse(a: SenderQueue, b: SenderQueue): boolean {
    const one = a.tail as Entry;
    const other = b.tail as Entry;
    if (one.isExecutable !== other.isExecutable) return other.isExecutable;
    const oneTip = tipAt(one.feeCapLeast, one.tipCapLeast, this.#baseFee);
    const otherTip = tipAt(other.feeCapLeast, other.tipCapLeast, this.#baseFee);
    return oneTip === otherTip ? one.sequence > other.sequence : oneTip < otherTip;
  }
}
