import { assert } from '@basalt/protocol';
import type { RangeOptions, Row } from './engine.ts';
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from './limits.ts';

/** One write of a commit. Bytes must not change until the commit settles. */
export interface TableWrite {
  readonly table: string;
  /** 1 to 512 bytes. */
  readonly key: Uint8Array;
  /** 1 byte to 32 MiB; undefined deletes the row. */
  readonly value: Uint8Array | undefined;
}

/**
 * Ordered tables of bytes that are read synchronously, for state that is read in the middle of a
 * computation. `KeyValueEngine` is the seam of the log; this one differs in that reads return at
 * once, tables are the caller's, and there are no conditions: one process writes.
 *
 * Reads see everything whose `commit` has resolved, never half of a commit. Returned bytes are the
 * caller's own copy. Keys order lexicographically.
 */
export interface OrderedTables {
  readonly name: string;
  /** True when what `commit` resolved survives kill -9 and loss of power. */
  readonly durable: boolean;
  /** @throws StoreError `closed`, `io` */
  get(table: string, key: Uint8Array): Uint8Array | undefined;
  /**
   * In key order. Not a snapshot: a commit that happens while the caller walks may or may not show
   * in rows that were not handed out yet.
   * @throws StoreError `closed`, `io`
   */
  range(table: string, options?: RangeOptions): Iterable<Row>;
  /**
   * All writes or none, in order; resolves after the sync. Commits take effect in the order of the
   * calls.
   * @throws StoreError `disk-full`: nothing was kept, and commits work again once there is room;
   *   `io`: what happened is unknown; `closed`
   */
  commit(writes: readonly TableWrite[]): Promise<void>;
  /** Bytes that the tables occupy on disk (0 in memory). */
  sizeBytes(): number;
  /** Waits for commits that were called before. */
  close(): Promise<void>;
}

/** Bounds that each engine keeps; breaking one is the layout's mistake, not the input's. */
export function checkWrites(
  writes: readonly TableWrite[],
  isTable: (name: string) => boolean,
): void {
  for (const { table, key, value } of writes) {
    assert(isTable(table), `there is no table ${table}`);
    assert(key.length >= 1 && key.length <= KEY_BYTES_MAX, 'a key has 1 to 512 bytes');
    if (value === undefined) continue;
    const bytes = value.length;
    assert(bytes >= 1 && bytes <= VALUE_BYTES_MAX, 'a value has 1 byte to 32 MiB');
  }
}
