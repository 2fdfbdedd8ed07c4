/**
 * The storage seam: ordered tables of bytes with one operation that writes, `commit`, which is
 * atomic and durable. An engine knows nothing of blocks; `createLogStore` lays the log out over it.
 */

/** Tables of the layout; each engine keeps them apart. What is in each: README. */
export const TABLES = [
  'meta',
  'namespaces',
  'records',
  'entries',
  'payloads',
  'bundles',
  'packs',
  'tiles',
  'hashes',
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
 * Reads see everything whose `commit` has resolved. Returned bytes are the caller's own copy. Keys
 * are 1 to 512 bytes and order lexicographically, values 1 byte to 32 MiB (`limits.ts`). Bytes
 * given to `commit` must not change until it settles.
 */
export interface KeyValueEngine {
  readonly name: string;
  /** True when what `commit` resolved survives kill -9 and loss of power. */
  readonly durable: boolean;
  /** @throws StoreError `closed`, `io` */
  get(table: Table, key: Uint8Array): Promise<Uint8Array | undefined>;
  /**
   * In key order. Not a snapshot: a commit that happens while the caller walks may or may not show
   * in rows that were not handed out yet.
   * @throws StoreError `closed`, `io`
   */
  range(table: Table, options?: RangeOptions): AsyncIterable<Row>;
  /**
   * All operations or none, in order; resolves after the sync. Commits take effect in the order of
   * the calls.
   * @throws StoreError `conflict` when a condition does not hold; `disk-full`: nothing was kept and
   *   commits work again once there is room; `io`: what happened is unknown, read before you go on;
   *   `closed`
   */
  commit(operations: readonly WriteOperation[], conditions?: readonly Condition[]): Promise<void>;
  /** Bytes that the engine occupies on disk (0 in memory). */
  sizeBytes(): Promise<number>;
  /** Waits for commits that were called before. */
  close(): Promise<void>;
}
