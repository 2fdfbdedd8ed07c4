/** A bounded memory of values by key; what it keeps is its policy's affair. */
export interface Cache<Value> {
  /** undefined: not here. Counts as a hit or a miss, and as a use. */
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  clear(): void;
  readonly size: number;
}

/** Makes a cache for so many entries. */
export type CreateCache = <Value>(entriesMax: number) => Cache<Value>;
