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

/** A cache whose bound may change while it is in use. */
export interface ResizableCache<Key extends CacheKey, Value> extends Cache<Key, Value> {
  /**
   * A smaller bound lets go what the policy would have let go next: what is hot stays. A part of it
   * goes at once, the rest with each key that comes, or when this is called again.
   */
  resize(entriesMax: number): void;
}

/** Makes a cache for so many entries. */
export type CreateCache = <Key extends CacheKey, Value>(entriesMax: number) => Cache<Key, Value>;
