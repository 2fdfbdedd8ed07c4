import type { Clock } from '@basalt/protocol';
import { StoreError } from '@basalt/store';
import { LedgerError } from './errors.ts';
import { QUEUE_BLOCKS_MAX, QUEUE_BYTES_MAX, READ_ONLY_RETRY_MS } from './limits.ts';
import type { LedgerMetrics } from './types.ts';

export interface QueueBounds {
  readonly queueBlocksMax?: number;
  readonly queueBytesMax?: number;
}

/** The door of the pipeline: bounded room in the queue, closed while the disk takes nothing. */
export class Admission {
  readonly #clock: Clock;
  readonly #metrics: LedgerMetrics | undefined;
  readonly #blocksMax: number;
  readonly #bytesMax: number;
  /** Held by jobs that are queued or running. */
  #blocks = 0;
  #bytes = 0;
  #readOnly: { readonly reason: string; readonly untilMs: number } | undefined;
  #closed = false;

  constructor(clock: Clock, metrics: LedgerMetrics | undefined, bounds: QueueBounds) {
    this.#clock = clock;
    this.#metrics = metrics;
    this.#blocksMax = bounds.queueBlocksMax ?? QUEUE_BLOCKS_MAX;
    this.#bytesMax = bounds.queueBytesMax ?? QUEUE_BYTES_MAX;
  }

  /** @throws LedgerError `queue-full`, `read-only`, `closed`; what is refused is counted. */
  take(blocks: number, bytes: number): void {
    try {
      this.#admit(blocks, bytes);
    } catch (error) {
      if (error instanceof LedgerError) this.#metrics?.blocksRejected(error.code, blocks);
      throw error;
    }
    this.#metrics?.queueDepth(this.#blocks);
  }

  #admit(blocks: number, bytes: number): void {
    if (this.#closed) throw new LedgerError('closed', 'the ledger is closing');
    if (this.#readOnly !== undefined) {
      if (this.#clock.nowMs() < this.#readOnly.untilMs) {
        throw new LedgerError('read-only', this.#readOnly.reason);
      }
      // One submission goes through as a probe; the others wait for what becomes of it.
      this.#refuseFor(this.#readOnly.reason);
    }
    if (this.#blocks + blocks > this.#blocksMax || this.#bytes + bytes > this.#bytesMax) {
      throw new LedgerError('queue-full', 'too many blocks are waiting; try again shortly', {
        queuedBlocks: this.#blocks,
        queuedBytes: this.#bytes,
      });
    }
    this.#blocks += blocks;
    this.#bytes += bytes;
  }

  give(blocks: number, bytes: number): void {
    this.#blocks -= blocks;
    this.#bytes -= bytes;
    this.#metrics?.queueDepth(this.#blocks);
  }

  close(): void {
    this.#closed = true;
  }

  get readOnlyReason(): string | undefined {
    return this.#readOnly?.reason;
  }

  /** A write reached the disk: the door is open again. */
  writeSucceeded(): void {
    this.#readOnly = undefined;
  }

  /** The error to answer with; a disk that refuses closes the door for a while. */
  writeFailed(error: unknown): unknown {
    if (!(error instanceof StoreError)) return error;
    if (error.code !== 'disk-full' && error.code !== 'io') return error;
    const reason =
      error.code === 'disk-full'
        ? 'the disk is full: make room, then writes are taken again by themselves'
        : `the disk reports an error: ${error.message}`;
    this.#refuseFor(reason);
    return new LedgerError('read-only', reason, {}, { cause: error });
  }

  #refuseFor(reason: string): void {
    this.#readOnly = { reason, untilMs: this.#clock.nowMs() + READ_ONLY_RETRY_MS };
  }
}
