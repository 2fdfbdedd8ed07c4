import { OUTGOING_COUNTED_BYTES_MIN } from './limits.ts';

/**
 * Bodies that are on their way to readers. A slow reader holds the one it reads in memory, so they
 * have a budget; one that several read at a time is one body and counts once.
 */
export class OutgoingBodies {
  readonly #bytesMax: number;
  /** Readers of each body, by the memory that it lies in. */
  readonly #readers = new Map<ArrayBufferLike, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Counts a body, or counts nothing and answers false. Small ones are never counted. */
  take({ buffer, length }: Uint8Array): boolean {
    if (length < OUTGOING_COUNTED_BYTES_MIN) return true;
    const readers = this.#readers.get(buffer) ?? 0;
    if (readers === 0) {
      if (this.#bytes + buffer.byteLength > this.#bytesMax) return false;
      this.#bytes += buffer.byteLength;
    }
    this.#readers.set(buffer, readers + 1);
    return true;
  }

  /** One reader of a body that was taken has got it, or has gone. */
  give({ buffer, length }: Uint8Array): void {
    if (length < OUTGOING_COUNTED_BYTES_MIN) return;
    const readers = this.#readers.get(buffer) ?? 0;
    if (readers > 1) {
      this.#readers.set(buffer, readers - 1);
      return;
    }
    if (this.#readers.delete(buffer)) this.#bytes -= buffer.byteLength;
  }
}
