import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compareBytes } from '@basalt/protocol';
import { type Database, open, type RootDatabase } from 'lmdb';
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
import { SCAN_ROWS } from '../limits.ts';
import { ownBytes } from '../own-bytes.ts';
import { checkOperations, conditionHolds, conflict } from './checks.ts';
import { commitError, openError, readError, refuseWithoutRoom } from './lmdb-failures-shell.ts';
import { keyAfter, scanRows } from './lmdb-rows.ts';

export interface LmdbEngineOptions {
  /** Folder of the environment; created when absent. */
  readonly path: string;
  /**
   * A commit that would leave less room than this on the disk is refused with `disk-full` before it
   * begins; 0 lets the file system decide.
   */
  readonly reserveBytes?: number;
}

type Tables = ReadonlyMap<Table, Database<Uint8Array, Uint8Array>>;

/**
 * LMDB 0.9/1.0 as in lmdb-js: one environment, one write transaction per commit, on lmdb-js's
 * writer thread, so the event loop runs on while the disk syncs.
 *
 * Durability: `overlappingSync` is off, so `mdb_txn_commit` does what plain LMDB does: write the
 * pages, fdatasync, write the meta page through a descriptor opened with O_DSYNC; lmdb-js resolves
 * after that. (With it on, lmdb-js resolves before the sync, and readers see what a power cut may
 * take back.) noSync, noMetaSync, useWritemap and mapAsync stay off.
 *
 * @throws StoreError `io` when the folder or the environment cannot be opened
 */
export async function createLmdbEngine(options: LmdbEngineOptions): Promise<KeyValueEngine> {
  try {
    await mkdir(options.path, { recursive: true, mode: 0o700 });
    const root: RootDatabase<Uint8Array, Uint8Array> = open({
      path: options.path,
      noSubdir: false,
      overlappingSync: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      maxDbs: TABLES.length + 1,
      // Pages of 4 KiB everywhere, also where the system's are 16: the layout counts on it.
      pageSize: 4096,
      // One group is one batch already: waiting for more would only add latency.
      commitDelay: 0,
      // With it on, lmdb-js wraps each batch in one of its own whose promise nobody can catch: a
      // full disk would end the process as an unhandled rejection.
      eventTurnBatching: false,
    });
    const tables: Tables = new Map(
      TABLES.map((name) => [
        name,
        root.openDB<Uint8Array, Uint8Array>({ name, encoding: 'binary', keyEncoding: 'binary' }),
      ]),
    );
    return new LmdbEngine(options, root, tables);
  } catch (cause) {
    throw openError(options.path, cause);
  }
}

class LmdbEngine implements KeyValueEngine {
  readonly name = 'lmdb';
  readonly durable = true;
  readonly #path: string;
  readonly #reserveBytes: number;
  readonly #root: RootDatabase<Uint8Array, Uint8Array>;
  readonly #tables: Tables;
  /**
   * Not below the greatest key of each table: LMDB's append mode drops a row whose key is not the
   * greatest without an error that lmdb-js would pass on, so the hint is checked here.
   */
  readonly #greatest = new Map<Table, Uint8Array>();
  /** Commits run one after the other; each waits for this and replaces it. */
  #tail: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    options: LmdbEngineOptions,
    root: RootDatabase<Uint8Array, Uint8Array>,
    tables: Tables,
  ) {
    this.#path = options.path;
    this.#reserveBytes = options.reserveBytes ?? 0;
    this.#root = root;
    this.#tables = tables;
    for (const [table, database] of tables) {
      for (const key of database.getKeys({ reverse: true, limit: 1 })) {
        this.#greatest.set(table, ownBytes(key));
      }
    }
  }

  async get(table: Table, key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#read(() => this.#getNow(table, key));
  }

  async *range(table: Table, options: RangeOptions = {}): AsyncIterable<Row> {
    const { limit = Number.POSITIVE_INFINITY, reverse = false } = options;
    let { from, to } = options;
    let left = limit;
    while (left > 0) {
      const bounds = { from, to, reverse, limit: Math.min(left, SCAN_ROWS) };
      const rows = this.#read(() => scanRows(this.#table(table), bounds));
      yield* rows;
      left -= rows.length;
      const last = rows.at(-1);
      if (last === undefined || rows.length < bounds.limit) return;
      if (reverse) to = last.key;
      else from = keyAfter(last.key);
    }
  }

  commit(
    operations: readonly WriteOperation[],
    conditions: readonly Condition[] = [],
  ): Promise<void> {
    if (this.#closed) return Promise.reject(closed());
    const result = this.#tail.then(() => this.#commitNow(operations, conditions));
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async sizeBytes(): Promise<number> {
    return (await stat(join(this.#path, 'data.mdb'))).size;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#tail;
    await this.#root.close();
  }

  async #commitNow(
    operations: readonly WriteOperation[],
    conditions: readonly Condition[],
  ): Promise<void> {
    checkOperations(operations);
    for (const condition of conditions) {
      const value = this.#read(() => this.#getNow(condition.table, condition.key));
      if (!conditionHolds(condition, value)) throw conflict(condition);
    }
    if (operations.length === 0) return;
    const bytes = bytesOf(operations);
    if (this.#reserveBytes > 0) refuseWithoutRoom(this.#path, this.#reserveBytes, bytes);
    try {
      // A batch is one conditional block, which lmdb-js never splits over two transactions.
      await this.#root.batch(() => {
        for (const operation of operations) this.#queue(operation);
      });
    } catch (cause) {
      throw await commitError(this.#path, cause, bytes);
    }
  }

  #queue(operation: WriteOperation): void {
    const database = this.#table(operation.table);
    if (operation.type === 'delete') {
      void database.remove(operation.key);
      return;
    }
    const greatest = this.#greatest.get(operation.table);
    const isGreatest = greatest === undefined || compareBytes(operation.key, greatest) > 0;
    if (isGreatest) this.#greatest.set(operation.table, ownBytes(operation.key));
    if (isGreatest && operation.append === true) {
      // The typings know the options of `put` only for databases with versions. An appending put
      // has a promise of its own, which fails with the batch; the batch's failure is told once.
      const append = { append: true } as unknown as number;
      database.put(operation.key, operation.value, append).catch(() => undefined);
    } else {
      void database.put(operation.key, operation.value);
    }
  }

  #getNow(table: Table, key: Uint8Array): Uint8Array | undefined {
    const found = this.#table(table).getBinary(key);
    return found === undefined ? undefined : plainBytes(found);
  }

  #table(table: Table): Database<Uint8Array, Uint8Array> {
    return this.#tables.get(table) as Database<Uint8Array, Uint8Array>;
  }

  #read<Result>(work: () => Result): Result {
    if (this.#closed) throw closed();
    try {
      return work();
    } catch (cause) {
      throw readError(this.#path, cause);
    }
  }
}

function closed(): StoreError {
  return new StoreError('closed', 'the storage engine is closed');
}

function bytesOf(operations: readonly WriteOperation[]): number {
  let bytes = 0;
  for (const operation of operations) {
    bytes += operation.key.length;
    if (operation.type === 'put') bytes += operation.value.length;
  }
  return bytes;
}

/**
 * lmdb-js gives Buffers, whose methods differ (`slice` shares): everybody else sees Uint8Arrays.
 */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}
