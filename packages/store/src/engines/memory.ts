import { compareBytes } from '@basalt/protocol';
import {
  type Condition,
  type KeyValueEngine,
  type RangeOptions,
  type Row,
  TABLES,
  type Table,
  type WriteOperation,
} from '../engine.ts';
import { StoreError } from '../errors.ts';
import { ownBytes } from '../own-bytes.ts';
import { checkOperations, conditionHolds, conflict } from './checks.ts';

/**
 * What a commit does when a fault hits it. Each fault exists in two forms, because a caller cannot
 * tell them apart: the bytes are gone, or they are there although the call failed.
 */
export interface CommitFault {
  readonly code: 'io' | 'disk-full';
  /** "failed but persisted" when true, "failed and not persisted" when false. */
  readonly persisted: boolean;
}

export interface MemoryEngineOptions {
  /** Rows of an earlier engine: the test's way to reopen. */
  readonly storage?: MemoryStorage;
  /** Asked before each commit, which is numbered from 0. */
  readonly commitFault?: (
    operations: readonly WriteOperation[],
    commit: number,
  ) => CommitFault | undefined;
  /** Asked before each read; true makes it fail with `io`. */
  readonly readFault?: (table: Table, key: Uint8Array | undefined) => boolean;
}

/** Sorted rows per table. Lives longer than the engines that open it. */
export interface MemoryStorage {
  readonly tables: ReadonlyMap<Table, Row[]>;
}

export function createMemoryStorage(): MemoryStorage {
  return { tables: new Map(TABLES.map((table) => [table, []])) };
}

/** A copy that later commits do not touch: the state of a disk at one moment. */
export function copyMemoryStorage(storage: MemoryStorage): MemoryStorage {
  return { tables: new Map([...storage.tables].map(([table, rows]) => [table, [...rows]])) };
}

/** For tests and for nodes that may forget: sorted arrays, everything copied in and out. */
export function createMemoryEngine(options: MemoryEngineOptions = {}): KeyValueEngine {
  return new MemoryEngine(options);
}

class MemoryEngine implements KeyValueEngine {
  readonly name = 'memory';
  readonly durable = false;
  readonly #tables: ReadonlyMap<Table, Row[]>;
  readonly #options: MemoryEngineOptions;
  #commits = 0;
  #closed = false;

  constructor(options: MemoryEngineOptions) {
    this.#options = options;
    this.#tables = (options.storage ?? createMemoryStorage()).tables;
  }

  async get(table: Table, key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#beforeRead(table, key);
    const rows = this.#rows(table);
    const at = lowerBound(rows, key);
    const row = rows[at];
    return row !== undefined && compareBytes(row.key, key) === 0 ? row.value.slice() : undefined;
  }

  async *range(table: Table, options: RangeOptions = {}): AsyncIterable<Row> {
    const { from, to, limit = Number.POSITIVE_INFINITY, reverse = false } = options;
    // The place is found anew for each row: commits may have moved it while the caller worked.
    let last: Uint8Array | undefined;
    for (let count = 0; count < limit; count++) {
      this.#beforeRead(table, undefined);
      const rows = this.#rows(table);
      const row = reverse ? rowBelow(rows, last ?? to) : rowAbove(rows, last, from);
      if (row === undefined) return;
      if (reverse && from !== undefined && compareBytes(row.key, from) < 0) return;
      if (!reverse && to !== undefined && compareBytes(row.key, to) >= 0) return;
      last = row.key;
      yield { key: row.key.slice(), value: row.value.slice() };
    }
  }

  async commit(
    operations: readonly WriteOperation[],
    conditions: readonly Condition[] = [],
  ): Promise<void> {
    this.#assertOpen();
    checkOperations(operations);
    const fault = this.#options.commitFault?.(operations, this.#commits++);
    if (fault !== undefined && !fault.persisted) throw injected(fault);
    for (const condition of conditions) {
      const rows = this.#rows(condition.table);
      const row = rows[lowerBound(rows, condition.key)];
      const value =
        row !== undefined && compareBytes(row.key, condition.key) === 0 ? row.value : undefined;
      if (!conditionHolds(condition, value)) throw conflict(condition);
    }
    for (const operation of operations) this.#apply(operation);
    if (fault !== undefined) throw injected(fault);
    // As with a disk, nobody sees the result in the same turn.
    await Promise.resolve();
  }

  async sizeBytes(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #apply(operation: WriteOperation): void {
    const rows = this.#rows(operation.table);
    const at = lowerBound(rows, operation.key);
    const found = rows[at] !== undefined && compareBytes(rows[at].key, operation.key) === 0;
    if (operation.type === 'delete') {
      if (found) rows.splice(at, 1);
      return;
    }
    const row = { key: ownBytes(operation.key), value: ownBytes(operation.value) };
    if (found) rows[at] = row;
    else if (at === rows.length) rows.push(row);
    else rows.splice(at, 0, row);
  }

  #rows(table: Table): Row[] {
    return this.#tables.get(table) as Row[];
  }

  #beforeRead(table: Table, key: Uint8Array | undefined): void {
    this.#assertOpen();
    if (this.#options.readFault?.(table, key) === true) {
      throw new StoreError('io', 'injected fault: the read failed', { table });
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError('closed', 'the storage engine is closed');
  }
}

function injected(fault: CommitFault): StoreError {
  return new StoreError(fault.code, 'injected fault: the commit failed', {
    persisted: fault.persisted,
  });
}

/** Position of the first row whose key is not below `key`. */
function lowerBound(rows: readonly Row[], key: Uint8Array): number {
  let low = 0;
  let high = rows.length;
  // Logs grow at the end: look there first.
  const last = rows[high - 1];
  if (last !== undefined && compareBytes(last.key, key) < 0) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes((rows[middle] as Row).key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rowAbove(
  rows: readonly Row[],
  after: Uint8Array | undefined,
  from: Uint8Array | undefined,
): Row | undefined {
  if (after !== undefined) {
    const at = lowerBound(rows, after);
    const same = rows[at] !== undefined && compareBytes(rows[at].key, after) === 0;
    return rows[same ? at + 1 : at];
  }
  return rows[from === undefined ? 0 : lowerBound(rows, from)];
}

function rowBelow(rows: readonly Row[], bound: Uint8Array | undefined): Row | undefined {
  return rows[(bound === undefined ? rows.length : lowerBound(rows, bound)) - 1];
}
