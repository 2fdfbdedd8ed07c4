/**
 * The storage seam: ordered tables of bytes with one operation that writes, `commit`, which is
 * atomic and durable. An engine knows nothing of blocks; `LogStore` lays the ledger out over it.
 */

/** Tables of the layout; each engine keeps them apart. */
export const TABLES = [
  'meta',
  'namespaces',
  'entries',
  'payloads',
  'bundles',
  'tiles',
  'hashes',
  'index',
] as const;

export type Table = (typeof TABLES)[number];

export type WriteOperation =
  | {
      readonly type: 'put';
      readonly table: Table;
      readonly key: Uint8Array;
      readonly value: Uint8Array;
      /** A hint that the key is the greatest of its table, so that pages fill up. */
      readonly append?: boolean;
    }
  | { readonly type: 'delete'; readonly table: Table; readonly key: Uint8Array };

/** Compare-and-swap: the commit happens only if `key` holds `value` (undefined: is absent). */
export interface Condition {
  readonly table: Table;
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

export interface Row {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface RangeOptions {
  /** Inclusive lower bound. */
  readonly from?: Uint8Array;
  /** Exclusive upper bound. */
  readonly to?: Uint8Array;
  readonly limit?: number;
  /** From the upper bound down. */
  readonly reverse?: boolean;
}

/**
 * Reads see everything whose `commit` has resolved. Returned bytes are the caller's own copy.
 * Keys are at most 64 bytes and order lexicographically.
 */
export interface KeyValueEngine {
  readonly name: string;
  /** True when what `commit` resolved survives kill -9 and loss of power. */
  readonly durable: boolean;
  get(table: Table, key: Uint8Array): Promise<Uint8Array | undefined>;
  range(table: Table, options?: RangeOptions): AsyncIterable<Row>;
  /**
   * All operations or none; resolves after the sync.
   * @throws StoreError `conflict` when a condition does not hold, `disk-full`, `io`, `closed`
   */
  commit(operations: readonly WriteOperation[], conditions?: readonly Condition[]): Promise<void>;
  /** Bytes that the engine occupies on disk (0 in memory). */
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}
