import { createEntry, type Entry, EntryList } from './entry-list.ts';
import type { Cache, CacheKey } from './types.ts';

/** Share of the small queue, and uses that are counted (paper, section 4). */
const SMALL_SHARE = 0.1;
const USES_MAX = 3;

/**
 * S3-FIFO (Yang et al., SOSP 2023): new keys go through a small queue and leave it for the main one
 * only when they were used; keys that fell out of it are remembered for a while, without values,
 * and go to the main queue when they come back.
 */
export function createS3Fifo<Key extends CacheKey, Value>(entriesMax: number): Cache<Key, Value> {
  return new S3Fifo(entriesMax);
}

class S3Fifo<Key extends CacheKey, Value> implements Cache<Key, Value> {
  readonly #entriesMax: number;
  readonly #smallMax: number;
  readonly #entries = new Map<Key, Entry<Key, Value>>();
  readonly #small = new EntryList<Key, Value>();
  readonly #main = new EntryList<Key, Value>();
  /** In the order of their fall; as many as the main queue has entries. */
  readonly #ghosts = new Set<Key>();

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
    this.#smallMax = Math.max(1, Math.floor(entriesMax * SMALL_SHARE));
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
    while (this.#entries.size >= this.#entriesMax) this.#evict();
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
    if (this.#ghosts.size <= this.#entriesMax - this.#smallMax) return;
    for (const oldest of this.#ghosts) {
      this.#ghosts.delete(oldest);
      return;
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
