/** An entry that can hang in one list. */
export interface Entry<Key, Value> {
  readonly key: Key;
  value: Value;
  /** Towards the front, which is the newer end. */
  newer: Entry<Key, Value> | undefined;
  older: Entry<Key, Value> | undefined;
  list: EntryList<Key, Value> | undefined;
  /** Uses since it was last looked at; what they mean is the policy's affair. */
  uses: number;
}

export function createEntry<Key, Value>(key: Key, value: Value): Entry<Key, Value> {
  return { key, value, newer: undefined, older: undefined, list: undefined, uses: 0 };
}

/** A doubly linked list of entries, newest at the front. */
export class EntryList<Key, Value> {
  front: Entry<Key, Value> | undefined;
  back: Entry<Key, Value> | undefined;
  size = 0;

  pushFront(entry: Entry<Key, Value>): void {
    entry.newer = undefined;
    entry.older = this.front;
    entry.list = this;
    if (this.front === undefined) this.back = entry;
    else this.front.newer = entry;
    this.front = entry;
    this.size++;
  }

  remove(entry: Entry<Key, Value>): void {
    const { newer, older } = entry;
    if (newer === undefined) this.front = older;
    else newer.older = older;
    if (older === undefined) this.back = newer;
    else older.newer = newer;
    entry.newer = undefined;
    entry.older = undefined;
    entry.list = undefined;
    this.size--;
  }

  moveToFront(entry: Entry<Key, Value>): void {
    if (this.front === entry) return;
    this.remove(entry);
    this.pushFront(entry);
  }

  clear(): void {
    this.front = undefined;
    this.back = undefined;
    this.size = 0;
  }
}
