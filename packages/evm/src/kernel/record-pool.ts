/**
 * Room for the records that results are made of. A buffer for each result would cost more than the
 * records are worth (memory outside of V8's heap is slow to get and to give back), so results share
 * chunks; a chunk lives as long as the last result that lies in it.
 */
import type { Readable } from './instance.ts';

const CHUNK_BYTES = 65_536;

/** A part of a chunk. */
export interface Place extends Readable {
  /** Offset of its first byte. */
  readonly offset: number;
}

export class RecordPool {
  #chunk: Readable = createChunk(CHUNK_BYTES);
  #used = 0;

  /** `length` bytes that nobody else has; what was there before is not cleared. */
  take(length: number): Place {
    if (length > CHUNK_BYTES / 4) return { ...createChunk(length), offset: 0 };
    if (this.#used + length > CHUNK_BYTES) {
      this.#chunk = createChunk(CHUNK_BYTES);
      this.#used = 0;
    }
    const offset = this.#used;
    // Records keep their alignment to 8 bytes.
    this.#used += (length + 7) & ~7;
    return { bytes: this.#chunk.bytes, view: this.#chunk.view, offset };
  }
}

function createChunk(length: number): Readable {
  const bytes = new Uint8Array(length);
  return { bytes, view: new DataView(bytes.buffer) };
}
