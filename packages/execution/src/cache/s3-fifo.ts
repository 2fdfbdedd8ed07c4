import { createEntry, type Entry, EntryList } from './entry-list.ts';
import type { CacheKey, ResizableCache } from './types.ts';

/** Share of the small queue, and uses that are counted (paper, section 4). */
const SMALL_SHARE = 0.1;
const USES_MAX = 3;
/** Entries that a smaller bound lets go at once: some ten milliseconds. */
const EVICTED_AT_ONCE_MAX = 8_192;
/** Entries that may go for one that comes, so that a cache over its bound becomes smaller. */
const EVICTED_PER_KEY_MAX = 4;

/**
 * S3-FIFO (Yang et al., SOSP 2023): new keys go through a small queue and leave it for the main one
 * only when they were used; keys that fell out of it are remembered for a while, without values,
 * and go to the main queue when they come back.
 */
export function createS3Fifo<Key extends CacheKey, Value>(
  entriesMax: number,
): ResizableCache<Key, Value> {
  return new S3Fifo(entriesMax);
}

class S3Fifo<Key extends CacheKey, Value> implements ResizableCache<Key, Value> {
  #entriesMax: number;
  #smallMax: number;
  readonly #entries = new Map<Key, Entry<Key, Value>>();
  readonly #small = new EntryList<Key, Value>();
  readonly #main = new EntryList<Key, Value>();
  /** In the order of their fall; as many as the main queue has entries. */
  readonly #ghosts = new Set<Key>();

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
    this.#smallMax = smallOf(entriesMax);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.uses < USES_MAX) entry.uses++;
    return entry?.value;
  }

  set(key: Key, value: Value): void {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.value = value;
      if (known.uses < USES_MAX) known.uses++;
      return;
    }
    this.#shrinkTo(this.#entriesMax - 1, EVICTED_PER_KEY_MAX);
    const entry = createEntry(key, value);
    this.#entries.set(key, entry);
    if (this.#ghosts.delete(key)) this.#main.pushFront(entry);
    else this.#small.pushFront(entry);
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.list?.remove(entry);
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#small.clear();
    this.#main.clear();
    this.#ghosts.clear();
  }

  resize(entriesMax: number): void {
    this.#entriesMax = entriesMax;
    this.#smallMax = smallOf(entriesMax);
    this.#shrinkTo(entriesMax, EVICTED_AT_ONCE_MAX);
    this.#forgetGhosts();
  }

  #shrinkTo(entries: number, evictedMax: number): void {
    const target = Math.max(entries, this.#entries.size - evictedMax);
    while (this.#entries.size > target) this.#evict();
  }

  #evict(): void {
    if (this.#small.size >= this.#smallMax || this.#main.size === 0) this.#evictSmall();
    else this.#evictMain();
  }

  #evictSmall(): void {
    const entry = this.#small.back;
    if (entry === undefined) return;
    this.#small.remove(entry);
    if (entry.uses > 1) {
      entry.uses = 0;
      this.#main.pushFront(entry);
      return;
    }
    this.#entries.delete(entry.key);
    this.#ghosts.add(entry.key);
    this.#forgetGhosts();
  }

  #forgetGhosts(): void {
    const ghostsMax = this.#entriesMax - this.#smallMax;
    if (this.#ghosts.size <= ghostsMax) return;
    for (const oldest of this.#ghosts) {
      this.#ghosts.delete(oldest);
      if (this.#ghosts.size <= ghostsMax) return;
    }
  }

  #evictMain(): void {
    for (;;) {
      const entry = this.#main.back;
      if (entry === undefined) return;
      this.#main.remove(entry);
      if (entry.uses === 0) {
        this.#entries.delete(entry.key);
        return;
      }
      entry.uses--;
      this.#main.pushFront(entry);
    }
  }
}

function smallOf(entriesMax: number): number {
  return Math.max(1, Math.floor(entriesMax * SMALL_SHARE));
}
