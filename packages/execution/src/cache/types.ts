/** Keys of a `Map`. */
export type CacheKey = string | number;

/** A bounded memory of values by key; what it keeps is its policy's affair. */
export interface Cache<Key extends CacheKey, Value> {
  /** undefined: not here. Counts as a use. */
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
  delete(key: Key): void;
  clear(): void;
  readonly size: number;
}

/** Makes a cache for so many entries. */
export type CreateCache = <Key extends CacheKey, Value>(entriesMax: number) => Cache<Key, Value>;
