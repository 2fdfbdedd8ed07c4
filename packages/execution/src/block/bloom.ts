import { keccak256, type Log } from '@basalt/evm';
import { BLOOM_BYTES, BLOOM_CACHE_ENTRIES } from './limits.ts';

const KEY_BYTES = 32;
const BITS_PER_ITEM = 3;

/**
 * Bloom filters over addresses and topics of logs (Yellow Paper, section 4.4.1): three bits of
 * 2048, taken of the keccak-256 of each. One instance keeps the bits of what it has seen lately in
 * a table of fixed size; what a later item of the same place replaces is hashed again.
 */
export class BloomBuilder {
  /** Items, each padded to 32 bytes. */
  readonly #keys = new Uint8Array(BLOOM_CACHE_ENTRIES * KEY_BYTES);
  /** Length of the item; 0: nothing is here. */
  readonly #lengths = new Uint8Array(BLOOM_CACHE_ENTRIES);
  readonly #bits = new Uint16Array(BLOOM_CACHE_ENTRIES * BITS_PER_ITEM);
  hits = 0;
  misses = 0;

  /** Sets the bits of a log in one filter, and in a second one where it is given. */
  add(log: Log, bloom: Uint8Array, other: Uint8Array | undefined): void {
    this.#addItem(log.address, bloom, other);
    for (const topic of log.topics) this.#addItem(topic, bloom, other);
  }

  /** Does a filter say that it may hold an address or a topic? No is certain. */
  mayContain(bloom: Uint8Array, item: Uint8Array): boolean {
    const first = this.#find(item) * BITS_PER_ITEM;
    for (let index = first; index < first + BITS_PER_ITEM; index++) {
      const bit = this.#bits[index] ?? 0;
      if (((bloom[BLOOM_BYTES - 1 - (bit >> 3)] ?? 0) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }

  #addItem(item: Uint8Array, bloom: Uint8Array, other: Uint8Array | undefined): void {
    const first = this.#find(item) * BITS_PER_ITEM;
    for (let index = first; index < first + BITS_PER_ITEM; index++) {
      const bit = this.#bits[index] ?? 0;
      const at = BLOOM_BYTES - 1 - (bit >> 3);
      const mask = 1 << (bit & 7);
      bloom[at] = (bloom[at] ?? 0) | mask;
      if (other !== undefined) other[at] = (other[at] ?? 0) | mask;
    }
  }

  /** @returns the place of the item's bits */
  #find(item: Uint8Array): number {
    const place = placeOf(item);
    if (this.#lengths[place] === item.length && this.#isKey(place, item)) {
      this.hits++;
      return place;
    }
    this.misses++;
    const hash = keccak256(item);
    for (let index = 0; index < BITS_PER_ITEM; index++) {
      const pair = ((hash[index * 2] ?? 0) << 8) | (hash[index * 2 + 1] ?? 0);
      this.#bits[place * BITS_PER_ITEM + index] = pair & 0x7ff;
    }
    this.#lengths[place] = item.length;
    this.#keys.set(item, place * KEY_BYTES);
    return place;
  }

  #isKey(place: number, item: Uint8Array): boolean {
    const start = place * KEY_BYTES;
    for (let index = item.length - 1; index >= 0; index--) {
      if (this.#keys[start + index] !== item[index]) return false;
    }
    return true;
  }
}

/** A place by the last bytes, where addresses and small numbers differ; FNV-1a. */
function placeOf(item: Uint8Array): number {
  let hash = 0x811c_9dc5;
  const from = Math.max(0, item.length - 12);
  for (let index = from; index < item.length; index++) {
    hash = Math.imul(hash ^ (item[index] ?? 0), 0x0100_0193);
  }
  return ((hash >>> 15) ^ hash) & (BLOOM_CACHE_ENTRIES - 1);
}

/** The filter over some logs, 256 bytes. */
export function logsBloom(logs: readonly Log[], builder: BloomBuilder): Uint8Array {
  const bloom = new Uint8Array(BLOOM_BYTES);
  for (const log of logs) builder.add(log, bloom, undefined);
  return bloom;
}
