import { assert } from '@basalt/protocol';
import { FILTER_BITS_PER_KEY, FILTER_HASHES } from './limits.ts';
import { ownBytes } from './own-bytes.ts';

/** Bytes of the salt: ten 32-bit words. */
export const FILTER_SALT_BYTES = 40;

/** Bits of a filter for this many keys: n * 14.378, which is n * -log2(0.001) / ln 2. */
export function filterBits(keys: number): number {
  return Math.ceil(keys * FILTER_BITS_PER_KEY);
}

/**
 * Bytes that it takes in memory, in whole 32-bit words: 17,972,500 for 10 million keys at 0.1 %.
 */
export function filterBytes(keys: number): number {
  return Math.ceil(filterBits(keys) / 32) * 4;
}

/**
 * Bloom filter over block hashes (Bloom 1970; double hashing by Kirsch and Mitzenmacher 2006 in the
 * enhanced form of Dillinger and Manolios 2004). Block hashes are uniform, so nothing is hashed
 * again: the first 16 bytes are mixed with a secret salt, which keeps somebody who grinds hashes
 * from filling chosen bits of this node's filter or from knowing which strangers it lets through.
 *
 * No false negatives: a hash that was added is always found. False positives: 0.1 % at `capacity`
 * keys, more beyond it, fewer below.
 */
export class HashFilter {
  readonly capacity: number;
  readonly #bits: number;
  readonly #words: Uint32Array;
  readonly #salt: Uint32Array;
  #keys = 0;

  /** `salt`: 40 random bytes, kept secret. */
  constructor(capacity: number, salt: Uint8Array) {
    assert(salt.length === FILTER_SALT_BYTES, 'a filter has a salt of 40 bytes');
    this.capacity = capacity;
    this.#bits = filterBits(capacity);
    assert(this.#bits < 2 ** 32, 'a filter has fewer than 2^32 bits: 298 million keys');
    this.#words = new Uint32Array(filterBytes(capacity) / 4);
    this.#salt = new Uint32Array(ownBytes(salt).buffer);
  }

  get bytes(): number {
    return this.#words.byteLength;
  }

  /** Keys added, repetitions counted. */
  get keys(): number {
    return this.#keys;
  }

  /** Adds the hash whose first 16 bytes start at `offset`. */
  add(hash: Uint8Array, offset = 0): void {
    let bit = this.#mix(hash, offset, 0);
    let step = this.#mix(hash, offset, 5);
    for (let i = 0; i < FILTER_HASHES; i++) {
      const at = Math.floor((bit / 2 ** 32) * this.#bits);
      this.#words[at >>> 5] = (this.#words[at >>> 5] as number) | (1 << (at & 31));
      bit = (bit + step) >>> 0;
      step = (step + i) >>> 0;
    }
    this.#keys++;
  }

  /** False: certainly never added. */
  has(hash: Uint8Array, offset = 0): boolean {
    let bit = this.#mix(hash, offset, 0);
    let step = this.#mix(hash, offset, 5);
    for (let i = 0; i < FILTER_HASHES; i++) {
      const at = Math.floor((bit / 2 ** 32) * this.#bits);
      if (((this.#words[at >>> 5] as number) & (1 << (at & 31))) === 0) return false;
      bit = (bit + step) >>> 0;
      step = (step + i) >>> 0;
    }
    return true;
  }

  /** 32 bits of 16 hash bytes and five words of salt: a keyed multiply-xorshift, u32. */
  #mix(hash: Uint8Array, offset: number, lane: number): number {
    const salt = this.#salt;
    let state = salt[lane] as number;
    for (let word = 0; word < 4; word++) {
      const at = offset + 4 * word;
      const value =
        ((hash[at] as number) << 24) |
        ((hash[at + 1] as number) << 16) |
        ((hash[at + 2] as number) << 8) |
        (hash[at + 3] as number);
      state = Math.imul(state ^ value, (salt[lane + 1 + word] as number) | 1);
      state ^= state >>> 15;
    }
    state = Math.imul(state, 0x85ebca6b);
    return (state ^ (state >>> 13)) >>> 0;
  }
}
