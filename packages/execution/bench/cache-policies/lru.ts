import { createEntry, type Entry, EntryList } from '../../src/cache/entry-list.ts';
import type { Cache, CacheKey } from '../../src/cache/types.ts';

/** Least recently used goes first. */
export function createLru<Key extends CacheKey, Value>(entriesMax: number): Cache<Key, Value> {
  const entries = new Map<Key, Entry<Key, Value>>();
  const order = new EntryList<Key, Value>();
  const remove = (entry: Entry<Key, Value>): void => {
    order.remove(entry);
    entries.delete(entry.key);
  };
  return {
    get size() {
      return entries.size;
    },
    get(key) {
      const entry = entries.get(key);
      if (entry !== undefined) order.moveToFront(entry);
      return entry?.value;
    },
    set(key, value) {
      const known = entries.get(key);
      if (known !== undefined) {
        known.value = value;
        order.moveToFront(known);
        return;
      }
      if (entries.size >= entriesMax && order.back !== undefined) remove(order.back);
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
    },
  };
}
