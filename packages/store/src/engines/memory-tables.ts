import { assert, compareBytes } from '@basalt/protocol';
import type { RangeOptions, Row } from '../engine.ts';
import { StoreError } from '../errors.ts';
import { checkWrites, type OrderedTables, type TableWrite } from '../ordered-tables.ts';
import { ownBytes } from '../own-bytes.ts';
import type { CommitFault } from './memory.ts';
import { SortedRows } from './sorted-rows.ts';

export interface MemoryTablesOptions {
  readonly tables: readonly string[];
  /** Rows of an earlier engine: the test's way to reopen. */
  readonly storage?: MemoryTablesStorage;
  /** Asked before each commit, which is numbered from 0. */
  readonly commitFault?: (writes: readonly TableWrite[], commit: number) => CommitFault | undefined;
}

/** What outlives an engine in memory. */
export class MemoryTablesStorage {
  readonly rows: Map<string, SortedRows> = new Map<string, SortedRows>();

  /** A copy that later commits do not touch: the state of a disk at one moment. */
  copy(): MemoryTablesStorage {
    const copied = new MemoryTablesStorage();
    for (const [table, rows] of this.rows) copied.rows.set(table, rows.copy());
    return copied;
  }
}

/** For tests and for nodes that may forget: everything is copied in and out. */
export function createMemoryTables(options: MemoryTablesOptions): OrderedTables {
  return new MemoryTables(options);
}

class MemoryTables implements OrderedTables {
  readonly name = 'memory';
  readonly durable = false;
  readonly #rows: Map<string, SortedRows>;
  readonly #commitFault: MemoryTablesOptions['commitFault'];
  #commits = 0;
  #closed = false;

  constructor(options: MemoryTablesOptions) {
    this.#rows = (options.storage ?? new MemoryTablesStorage()).rows;
    this.#commitFault = options.commitFault;
    for (const table of options.tables) {
      if (!this.#rows.has(table)) this.#rows.set(table, new SortedRows());
    }
  }

  get(table: string, key: Uint8Array): Uint8Array | undefined {
    return this.#table(table).get(key)?.slice();
  }

  *range(table: string, options: RangeOptions = {}): Iterable<Row> {
    const { from, to, limit = Number.POSITIVE_INFINITY, reverse = false } = options;
    // The place is found anew for each row: commits may have moved it while the caller worked.
    let last: Uint8Array | undefined;
    for (let count = 0; count < limit; count++) {
      const rows = this.#table(table);
      const row = reverse ? rows.below(last ?? to) : rows.above(last ?? from, last !== undefined);
      if (row === undefined) return;
      if (reverse && from !== undefined && compareBytes(row.key, from) < 0) return;
      if (!reverse && to !== undefined && compareBytes(row.key, to) >= 0) return;
      last = row.key;
      yield { key: row.key.slice(), value: row.value.slice() };
    }
  }

  async commit(writes: readonly TableWrite[]): Promise<void> {
    this.#assertOpen();
    checkWrites(writes, (name) => this.#rows.has(name));
    const fault = this.#commitFault?.(writes, this.#commits++);
    if (fault !== undefined && !fault.persisted) throw injected(fault);
    for (const { table, key, value } of writes) {
      const rows = this.#table(table);
      if (value === undefined) rows.delete(key);
      else rows.set({ key: ownBytes(key), value: ownBytes(value) });
    }
    if (fault !== undefined) throw injected(fault);
  }

  sizeBytes(): number {
    return 0;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #table(name: string): SortedRows {
    this.#assertOpen();
    const rows = this.#rows.get(name);
    assert(rows !== undefined, `there is no table ${name}`);
    return rows;
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError('closed', 'the tables are closed');
  }
}

function injected(fault: CommitFault): StoreError {
  return new StoreError(fault.code, 'injected fault: the commit failed', {
    persisted: fault.persisted,
  });
}
