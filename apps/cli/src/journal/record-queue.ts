import {
  BATCH_BLOCKS_MAX,
  BATCH_BYTES_MAX,
  QUEUE_BYTES_MAX,
  QUEUE_RECORDS_MAX,
} from '../limits.ts';

/** One record on its way to a block. */
export interface QueuedRecord {
  readonly payload: Uint8Array;
  readonly payloadHash: Uint8Array;
}

/** Ends a reader whose records nobody takes any more. */
class Stopped extends Error {}

/**
 * Between a reader and a sender: the reader waits while the queue is full, the sender takes what is
 * there, at most a batch. A slow source is sent record by record, a fast one in full batches.
 */
export class RecordQueue {
  #records: QueuedRecord[] = [];
  #bytes = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void)[] = [];

  /** Resolves when there is room for more. @throws what `fail` was given */
  async push(record: QueuedRecord): Promise<void> {
    this.#records.push(record);
    this.#bytes += record.payload.length;
    this.#notify();
    while (this.#isFull() && this.#failure === undefined) await this.#change();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** Said by the reader: `take` throws it after the records that were read before. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#notify();
  }

  /** Said by the sender's side: what waits is dropped, nothing more is taken in. */
  stop(): void {
    this.#records = [];
    this.#bytes = 0;
    this.#ended = true;
    this.#failure ??= { error: new Stopped() };
    this.#notify();
  }

  /**
   * The next batch, at least one record; undefined at the end. @throws what the reader failed with
   */
  async take(): Promise<readonly QueuedRecord[] | undefined> {
    for (;;) {
      if (this.#records.length > 0) return this.#batch();
      if (this.#ended) return undefined;
      if (this.#failure !== undefined) throw this.#failure.error;
      await this.#change();
    }
  }

  #batch(): readonly QueuedRecord[] {
    let count = 0;
    let bytes = 0;
    for (const { payload } of this.#records) {
      if (count === BATCH_BLOCKS_MAX) break;
      if (count > 0 && bytes + payload.length > BATCH_BYTES_MAX) break;
      bytes += payload.length;
      count++;
    }
    const batch = this.#records.splice(0, count);
    this.#bytes -= bytes;
    this.#notify();
    return batch;
  }

  #isFull(): boolean {
    return this.#records.length >= QUEUE_RECORDS_MAX || this.#bytes >= QUEUE_BYTES_MAX;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
