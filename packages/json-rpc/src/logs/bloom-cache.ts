import { bytesToHex } from '@noble/hashes/utils.js';
import { BLOOMS_MAX } from '../limits.ts';

/**
 * Blooms of blocks that were looked at, by hash: a range that is asked for again reads only the
 * blocks that may hold something.
 */
export class BloomCache {
  /** The oldest entry first; at most BLOOMS_MAX. */
  readonly #blooms = new Map<string, Uint8Array>();

  get(blockHash: Uint8Array): Uint8Array | undefined {
    return this.#blooms.get(bytesToHex(blockHash));
  }

  set(blockHash: Uint8Array, bloom: Uint8Array): void {
    this.#blooms.set(bytesToHex(blockHash), bloom.slice());
    if (this.#blooms.size <= BLOOMS_MAX) return;
    for (const oldest of this.#blooms.keys()) {
      this.#blooms.delete(oldest);
      return;
    }
  }
}
