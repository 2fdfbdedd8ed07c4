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
  readonly #queues: () => Iterable<SenderQueue>;
  #baseFee = 0n;
  /** Nothing is in order: a pool that is not full pays for none. */
  #isStale = true;
  #heap = this.#emptyHeap();

  /** @param queues all that there are */
  constructor(queues: () => Iterable<SenderQueue>) {
    this.#queues = queues;
  }

  /** Prices compare in another way now; the order is made anew when it is asked for. */
  setBaseFee(baseFee: bigint): void {
    if (baseFee !== this.#baseFee) this.#isStale = true;
    this.#baseFee = baseFee;
  }

  /** To be called whenever the last entry of a queue changed. */
  update(queue: SenderQueue): void {
    if (this.#isStale) return;
    if (queue.entries.length === 0) {
      if (queue.heapIndex >= 0) this.#heap.removeAt(queue.heapIndex);
    } else if (queue.heapIndex < 0) {
      this.#heap.push(queue);
    } else {
      this.#heap.moved(queue.heapIndex);
    }
  }

  /** The queue whose last entry is the worst of all. */
  worst(): SenderQueue | undefined {
    if (this.#isStale) this.#makeAnew();
    return this.#heap.top;
  }

  #makeAnew(): void {
    this.#isStale = false;
    this.#heap = this.#emptyHeap();
    for (const queue of this.#queues()) {
      queue.heapIndex = -1;
      if (queue.entries.length > 0) this.#heap.push(queue);
    }
  }

  #emptyHeap(): Heap<SenderQueue> {
    return new Heap<SenderQueue>(
      (a, b) => this.#isWorse(a, b),
      (queue, index) => {
        queue.heapIndex = index;
      },
    );
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
