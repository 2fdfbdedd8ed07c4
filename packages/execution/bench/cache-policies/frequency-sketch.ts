import type { CacheKey } from '../../src/cache/types.ts';

/** Counters of 4 bits: a key that came 15 times is as good as one that came more often. */
const COUNT_MAX = 15;
const DEPTH = 4;
/** After so many times the entries of the cache all counts are halved (TinyLFU, section 3.3). */
const SAMPLE_FACTOR = 10;

/** How often keys came lately, about: a count-min sketch that forgets by halving. */
export class FrequencySketch {
  readonly #counts: Uint8Array;
  readonly #mask: number;
  readonly #sampleMax: number;
  #additions = 0;

  constructor(entriesMax: number) {
    const width = 2 ** Math.ceil(Math.log2(Math.max(16, entriesMax)));
    this.#counts = new Uint8Array(width * DEPTH);
    this.#mask = width - 1;
    this.#sampleMax = SAMPLE_FACTOR * Math.max(16, entriesMax);
  }

  estimate(key: CacheKey): number {
    const hash = hashOf(key);
    let least = COUNT_MAX;
    for (let row = 0; row < DEPTH; row++) {
      const count = this.#counts[this.#placeOf(hash, row)] as number;
      if (count < least) least = count;
    }
    return least;
  }

  add(key: CacheKey): void {
    const hash = hashOf(key);
    let isAdded = false;
    for (let row = 0; row < DEPTH; row++) {
      const place = this.#placeOf(hash, row);
      const count = this.#counts[place] as number;
      if (count >= COUNT_MAX) continue;
      this.#counts[place] = count + 1;
      isAdded = true;
    }
    if (isAdded && ++this.#additions >= this.#sampleMax) this.#halve();
  }

  clear(): void {
    this.#counts.fill(0);
    this.#additions = 0;
  }

  #placeOf(hash: number, row: number): number {
    const mixed = Math.imul(hash ^ Math.imul(row + 1, 0x9e3779b9), 0x85ebca6b);
    return ((mixed ^ (mixed >>> 15)) & this.#mask) * DEPTH + row;
  }

  #halve(): void {
    for (let at = 0; at < this.#counts.length; at++) {
      this.#counts[at] = (this.#counts[at] as number) >>> 1;
    }
    this.#additions >>>= 1;
  }
}

function hashOf(key: CacheKey): number {
  if (typeof key === 'number') return Math.imul(key ^ Math.floor(key / 2 ** 32), 0x27d4eb2d);
  let hash = 0x811c9dc5;
  // Hashed keys differ in their first characters already.
  const end = Math.min(key.length, 26);
  for (let at = 0; at < end; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash;
}
