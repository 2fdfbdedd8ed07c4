import { assert } from '../assert.ts';

/** Keys that are followed at most; the rate of sampling adapts (SHARDS, fixed size). */
const SAMPLED_KEYS_MAX = 1_024;
/** Sizes that are told apart, in steps of about 12 %. */
const SIZE_STEPS_PER_DOUBLING = 6;
/** Counts are halved when so many samples are in them: what was, fades. */
const SAMPLES_MAX = 16_384;
const HASH_RANGE = 2 ** 32;

/** What a cache of some size would hit. */
export interface CurvePoint {
  /** Entries. */
  readonly size: number;
  /** 0 to 1. */
  readonly hitRatio: number;
}

/**
 * A shadow of a cache: the share of look-ups that an LRU of any size would hit, from a sample of
 * the keys (Waldspurger et al., "Efficient MRC construction with SHARDS", FAST 2015). Keeps hashes
 * of at most 1,024 keys, whatever the trace.
 */
export class HitCurve {
  readonly #sizeMax: number;
  /** Sampled hashes in order of use, the last one used last. Bounded by SAMPLED_KEYS_MAX. */
  #order: number[] = [];
  readonly #isSampled = new Set<number>();
  /** Hashes below it are followed. */
  #threshold: number;
  readonly #hits: Float64Array;
  /** Look-ups that were followed, and as many as the rate would have. */
  #samples = 0;
  #expected = 0;

  /**
   * @param sizeMax largest size that is asked about, in entries
   * @param rateMax part of the keys that is followed at most, for caches whose look-ups are quick;
   *   it leaves sizes below some hundred over it in the dark. Default 1.
   */
  constructor(sizeMax: number, rateMax = 1) {
    assert(sizeMax >= 2, 'expected a cache of at least two entries');
    assert(rateMax > 0 && rateMax <= 1, 'expected a part of the keys');
    this.#threshold = HASH_RANGE * rateMax;
    this.#sizeMax = sizeMax;
    this.#hits = new Float64Array(stepOf(sizeMax) + 2);
  }

  /** @param hash 32 bits of the key, spread well: what decides who is followed */
  lookUp(hash: number): void {
    const key = hash >>> 0;
    this.#expected += this.#threshold / HASH_RANGE;
    if (key >= this.#threshold) return;
    if (this.#samples >= SAMPLES_MAX) this.#fade();
    this.#samples++;
    if (!this.#isSampled.has(key)) {
      this.#isSampled.add(key);
      this.#order.push(key);
      if (this.#order.length > SAMPLED_KEYS_MAX) this.#sampleLess();
      return;
    }
    const at = this.#order.lastIndexOf(key);
    const between = this.#order.length - 1 - at;
    this.#order.splice(at, 1);
    this.#order.push(key);
    // So many different keys were used since, all of them: an LRU needs one place more.
    const size = between * (HASH_RANGE / this.#threshold) + 1;
    const step = Math.min(stepOf(size), this.#hits.length - 1);
    this.#hits[step] = (this.#hits[step] as number) + 1;
  }

  /** Points with rising sizes up to `sizeMax`; empty before there is enough to tell. */
  points(): CurvePoint[] {
    if (this.#samples < 256) return [];
    const points: CurvePoint[] = [];
    // Whether the few keys that are used most are in the sample is chance; what is missing or too
    // much of them belongs to the smallest size (the paper's SHARDS-adj).
    let hits = this.#expected - this.#samples;
    for (const [step, count] of this.#hits.entries()) {
      hits += count;
      const size = Math.ceil(2 ** (step / SIZE_STEPS_PER_DOUBLING));
      if (size > this.#sizeMax) break;
      points.push({ size, hitRatio: Math.min(1, Math.max(0, hits / this.#expected)) });
    }
    return points;
  }

  #fade(): void {
    this.#samples /= 2;
    this.#expected /= 2;
    for (let i = 0; i < this.#hits.length; i++) this.#hits[i] = (this.#hits[i] as number) / 2;
  }

  /** Half the keys are followed from now on; what was counted so far counts half, like them. */
  #sampleLess(): void {
    this.#fade();
    this.#threshold /= 2;
    this.#order = this.#order.filter((key) => key < this.#threshold);
    this.#isSampled.clear();
    for (const key of this.#order) this.#isSampled.add(key);
  }
}

/** The step whose sizes reach this one. */
function stepOf(size: number): number {
  return Math.ceil(Math.log2(size) * SIZE_STEPS_PER_DOUBLING - 1e-9);
}
