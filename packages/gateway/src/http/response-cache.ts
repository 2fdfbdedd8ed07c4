import { type CurvePoint, HitCurve } from '@basalt/telemetry';

/** Entries up to which the shadow tells what a larger cache would hit. */
const SHADOW_ENTRIES_MAX = 262_144;

/** Characters at the end of a target that tell it apart: hashes and numbers are there. */
const TELLING_CHARACTERS = 32;

/** What a cache holds: something that knows how many bytes it occupies. */
export interface Sized {
  readonly sizeBytes: number;
}

/**
 * Prepared responses by exact request target, bounded in bytes; the least recently used goes first.
 * Only what never changes is put here, so nothing has to expire.
 */
export class ResponseCache<Value extends Sized> {
  #bytesMax: number;
  readonly #shadow = new HitCurve(SHADOW_ENTRIES_MAX);
  readonly #entryBytesMax: number;
  /** In order of insertion; `touched` marks what was used since the hand last passed (CLOCK). */
  readonly #entries = new Map<string, { readonly value: Value; touched: boolean }>();
  #bytes = 0;
  #generation = 0;

  constructor(bytesMax: number, entryBytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#entryBytesMax = entryBytesMax;
  }

  get sizeBytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#entries.size;
  }

  /** Somebody asked for what may lie here: the shadow learns what other sizes would hit. */
  asked(key: string): void {
    // FNV-1a; whose fold spreads the low bits, which the shadow samples by.
    let hash = 0x811c_9dc5;
    for (let at = Math.max(0, key.length - TELLING_CHARACTERS); at < key.length; at++) {
      hash = Math.imul(hash ^ key.charCodeAt(at), 0x0100_0193);
    }
    this.#shadow.lookUp(Math.imul(hash ^ (hash >>> 15), 0x9e37_79b1));
  }

  /** What other sizes would hit, in bytes, for entries like those that are here. */
  points(): CurvePoint[] {
    const mean = this.#entries.size === 0 ? 0 : this.#bytes / this.#entries.size;
    return this.#shadow
      .points()
      .map(({ size, hitRatio }) => ({ size: Math.round(size * mean), hitRatio }));
  }

  /** Another bound in bytes; what is too much goes at once. */
  resize(bytesMax: number): void {
    this.#bytesMax = bytesMax;
    // A mark protects an entry for one walk only.
    while (this.#bytes > bytesMax) this.#evict();
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    // Moving the key at every hit costs three map operations; a mark costs a store.
    entry.touched = true;
    return entry.value;
  }

  /** Changes when the cache is cleared; see {@link set}. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * True when it was kept. Entries above the bound of one entry are not, and neither is what began
   * to load before the cache was cleared, because it may be the very thing that had to go.
   */
  set(key: string, value: Value, generation: number): boolean {
    if (generation !== this.#generation) return false;
    const size = value.sizeBytes;
    if (size > this.#entryBytesMax || size > this.#bytesMax) return false;
    this.delete(key);
    this.#entries.set(key, { value, touched: false });
    this.#bytes += size;
    this.#evict();
    return true;
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.value.sizeBytes;
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
    this.#generation++;
  }

  #evict(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) return;
      if (entry.touched) {
        // A second chance: back to the end, once per mark.
        entry.touched = false;
        this.#entries.delete(key);
        this.#entries.set(key, entry);
      } else {
        this.delete(key);
      }
    }
  }
}
