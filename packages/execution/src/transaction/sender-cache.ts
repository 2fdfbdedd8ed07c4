const HASH_LENGTH = 32;
const ADDRESS_LENGTH = 20;

/**
 * Senders of transactions by their hash, so that what the pool recovered is not recovered again
 * when its block is imported. A table of fixed size: a newer hash takes the place of an older one
 * with the same low bits. Holds only signatures that are valid in every fork.
 */
export class SenderCache {
  readonly #mask: number;
  readonly #hashes: Uint8Array;
  readonly #senders: Uint8Array;
  hits = 0;
  misses = 0;

  /** @param entries a power of two */
  constructor(entries: number) {
    this.#mask = entries - 1;
    this.#hashes = new Uint8Array(entries * HASH_LENGTH);
    this.#senders = new Uint8Array(entries * ADDRESS_LENGTH);
  }

  /** A copy, 20 bytes. */
  get(hash: Uint8Array): Uint8Array | undefined {
    const slot = this.#slotOf(hash);
    const from = slot * HASH_LENGTH;
    for (let index = 0; index < HASH_LENGTH; index++) {
      if (this.#hashes[from + index] !== hash[index]) {
        this.misses++;
        return undefined;
      }
    }
    this.hits++;
    return this.#senders.slice(slot * ADDRESS_LENGTH, (slot + 1) * ADDRESS_LENGTH);
  }

  set(hash: Uint8Array, sender: Uint8Array): void {
    const slot = this.#slotOf(hash);
    this.#hashes.set(hash, slot * HASH_LENGTH);
    this.#senders.set(sender, slot * ADDRESS_LENGTH);
  }

  #slotOf(hash: Uint8Array): number {
    const low = (hash[0] ?? 0) | ((hash[1] ?? 0) << 8) | ((hash[2] ?? 0) << 16);
    return low & this.#mask;
  }
}
