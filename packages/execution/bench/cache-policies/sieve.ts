import { createEntry, type Entry, EntryList } from '../../src/cache/entry-list.ts';
import type { Cache, CacheKey } from '../../src/cache/types.ts';

/**
 * SIEVE (Zhang et al., NSDI 2024): entries stay in the order of their arrival; a hand goes from old
 * to new, lets those that were used since its last visit stay and takes the first that was not. A
 * hit moves nothing.
 */
export function createSieve<Key extends CacheKey, Value>(entriesMax: number): Cache<Key, Value> {
  const entries = new Map<Key, Entry<Key, Value>>();
  const order = new EntryList<Key, Value>();
  let hand: Entry<Key, Value> | undefined;
  const remove = (entry: Entry<Key, Value>): void => {
    if (hand === entry) hand = entry.newer;
    order.remove(entry);
    entries.delete(entry.key);
  };
  const evict = (): void => {
    let entry = hand ?? order.back;
    while (entry !== undefined && entry.uses > 0) {
      entry.uses = 0;
      entry = entry.newer ?? order.back;
    }
    hand = entry;
    if (entry !== undefined) remove(entry);
  };
  return {
    get size() {
      return entries.size;
    },
    get(key) {
      const entry = entries.get(key);
      if (entry !== undefined) entry.uses = 1;
      return entry?.value;
    },
    set(key, value) {
      const known = entries.get(key);
      if (known !== undefined) {
        known.value = value;
        known.uses = 1;
        return;
      }
      if (entries.size >= entriesMax) evict();
      const entry = createEntry(key, value);
      entries.set(key, entry);
      order.pushFront(entry);
    },
    delete(key) {
      const entry = entries.get(key);
      if (entry !== undefined) remove(entry);
    },
    clear() {
      entries.clear();
      order.clear();
      hand = undefined;
    },
  };
}
