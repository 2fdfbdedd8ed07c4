import { createEntry, type Entry, EntryList } from '../../src/cache/entry-list.ts';
import type { Cache, CacheKey } from '../../src/cache/types.ts';
import { FrequencySketch } from './frequency-sketch.ts';

/** Share of the main part that is protected (paper, section 4.2). */
const PROTECTED_SHARE = 0.8;
/** Share of the window at the start, and its bounds. */
const WINDOW_SHARE = 0.01;
const WINDOW_SHARE_MAX = 0.8;
/** The window moves once in so many times the entries; first by this share, then by less. */
const CLIMB_PERIOD = 10;
const CLIMB_STEP = 0.0625;
const CLIMB_DECAY = 0.98;
/** A change of the hit ratio by more than this means that the work is another one now. */
const CLIMB_RESTART = 0.05;

/**
 * W-TinyLFU (Einziger, Friedman, Manes 2017) with a window that finds its size by hill climbing
 * (the same with Eytan, 2018): keys come into a window; what falls out of it gets into the main
 * part only when it came more often lately than what would have to go for it.
 */
export function createWTinyLfu<Key extends CacheKey, Value>(entriesMax: number): Cache<Key, Value> {
  return new WTinyLfu(entriesMax);
}

class WTinyLfu<Key extends CacheKey, Value> implements Cache<Key, Value> {
  readonly #entriesMax: number;
  readonly #sketch: FrequencySketch;
  readonly #entries = new Map<Key, Entry<Key, Value>>();
  readonly #window = new EntryList<Key, Value>();
  readonly #probation = new EntryList<Key, Value>();
  readonly #protected = new EntryList<Key, Value>();
  #windowMax: number;
  #hits = 0;
  #requests = 0;
  #ratio = 0;
  #step: number;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
    this.#sketch = new FrequencySketch(entriesMax);
    this.#windowMax = Math.max(1, Math.round(entriesMax * WINDOW_SHARE));
    this.#step = entriesMax * CLIMB_STEP;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    this.#sketch.add(key);
    this.#requests++;
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#hits++;
      this.#use(entry);
    }
    if (this.#requests >= CLIMB_PERIOD * this.#entriesMax) this.#climb();
    return entry?.value;
  }

  set(key: Key, value: Value): void {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.value = value;
      return;
    }
    const entry = createEntry(key, value);
    this.#entries.set(key, entry);
    this.#window.pushFront(entry);
    this.#settle();
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.list?.remove(entry);
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#window.clear();
    this.#probation.clear();
    this.#protected.clear();
    this.#sketch.clear();
  }

  #use(entry: Entry<Key, Value>): void {
    if (entry.list !== this.#probation) {
      entry.list?.moveToFront(entry);
      return;
    }
    this.#probation.remove(entry);
    this.#protected.pushFront(entry);
    const protectedMax = PROTECTED_SHARE * (this.#entriesMax - this.#windowMax);
    while (this.#protected.size > protectedMax) {
      const oldest = this.#protected.back;
      if (oldest === undefined) return;
      this.#protected.remove(oldest);
      this.#probation.pushFront(oldest);
    }
  }

  /** Brings window and whole to their sizes. */
  #settle(): void {
    while (this.#window.size > this.#windowMax) {
      const candidate = this.#window.back as Entry<Key, Value>;
      this.#window.remove(candidate);
      this.#probation.pushFront(candidate);
      if (this.#entries.size > this.#entriesMax) this.#decide(candidate);
    }
    while (this.#entries.size > this.#entriesMax) {
      this.#evict(this.#probation.back ?? this.#protected.back ?? this.#window.back);
    }
  }

  #decide(candidate: Entry<Key, Value>): void {
    const victim = this.#probation.back === candidate ? undefined : this.#probation.back;
    const against = victim ?? this.#protected.back;
    if (against === undefined) return;
    const wins = this.#sketch.estimate(candidate.key) > this.#sketch.estimate(against.key);
    this.#evict(wins ? against : candidate);
  }

  #evict(entry: Entry<Key, Value> | undefined): void {
    if (entry === undefined) return;
    entry.list?.remove(entry);
    this.#entries.delete(entry.key);
  }

  /** Goes on in a direction that paid, turns around in one that did not. */
  #climb(): void {
    const ratio = this.#hits / this.#requests;
    const change = ratio - this.#ratio;
    if (Math.abs(change) >= CLIMB_RESTART) {
      this.#step = Math.sign(this.#step || 1) * this.#entriesMax * CLIMB_STEP;
    }
    if (change < 0) this.#step = -this.#step;
    const wanted = this.#windowMax + this.#step;
    const most = this.#entriesMax * WINDOW_SHARE_MAX;
    this.#windowMax = Math.round(Math.min(Math.max(wanted, 1), Math.max(1, most)));
    this.#step *= CLIMB_DECAY;
    this.#ratio = ratio;
    this.#hits = 0;
    this.#requests = 0;
    this.#settle();
  }
}
