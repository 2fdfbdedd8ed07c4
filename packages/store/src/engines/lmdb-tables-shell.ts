import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '@basalt/protocol';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { RangeOptions, Row } from '../engine.ts';
import { StoreError } from '../errors.ts';
import { SCAN_ROWS } from '../limits.ts';
import { checkWrites, type OrderedTables, type TableWrite } from '../ordered-tables.ts';
import { commitError, openError, readError, refuseWithoutRoom } from './lmdb-failures-shell.ts';
import { keyAfter, type RowBounds, scanRows } from './lmdb-rows.ts';

export interface LmdbTablesOptions {
  /** Folder of the environment; created when absent. */
  readonly path: string;
  readonly tables: readonly string[];
  /** What lies in the tables, and in which version: `basalt-state 1`. */
  readonly format: string;
  /**
   * A commit that would leave less room than this on the disk is refused with `disk-full` before it
   * begins; 0, the default, lets the file system decide.
   */
  readonly reserveBytes?: number;
}

type Table = Database<Uint8Array, Uint8Array>;

const FORMAT_FILE = 'format';

/**
 * Ordered tables in an LMDB environment, with the same durability as `createLmdbEngine`: a commit
 * is one transaction on lmdb-js's writer thread and resolves after the sync.
 *
 * @throws StoreError `unknown-format` when the folder holds something else, or a newer version;
 *   `io` when it cannot be opened
 */
export async function createLmdbTables(options: LmdbTablesOptions): Promise<OrderedTables> {
  const { path, format, tables } = options;
  const isNew = checkFormat(path, `${format}\n`);
  try {
    const root: RootDatabase<Uint8Array, Uint8Array> = open({
      path,
      noSubdir: false,
      // For the reasons of these settings see lmdb-shell.ts.
      overlappingSync: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      maxDbs: tables.length + 1,
      pageSize: 4096,
      commitDelay: 0,
      eventTurnBatching: false,
    });
    const opened = new Map<string, Table>(
      tables.map((name) => [
        name,
        root.openDB<Uint8Array, Uint8Array>({ name, encoding: 'binary', keyEncoding: 'binary' }),
      ]),
    );
    // Last, so that a folder with the mark has all its tables.
    if (isNew) writeFileSync(join(path, FORMAT_FILE), `${format}\n`, { mode: 0o600, flush: true });
    return new LmdbTables(options, root, opened);
  } catch (cause) {
    throw openError(path, cause);
  }
}

/** True: there is nothing yet. */
function checkFormat(path: string, expected: string): boolean {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw openError(path, cause);
  }
  const file = join(path, FORMAT_FILE);
  if (existsSync(file)) {
    const found = readFileSync(file, 'utf8');
    if (found === expected) return false;
    throw new StoreError(
      'unknown-format',
      `${path} has format ${JSON.stringify(found.slice(0, 40))}, this program knows ` +
        `${JSON.stringify(expected)}: use the version of basalt that wrote it`,
      { path },
    );
  }
  // A crash before the first mark leaves an empty environment and nothing else.
  const others = readdirSync(path).filter((name) => !/^(data|lock)\.mdb$/.test(name));
  const environment = join(path, 'data.mdb');
  const isEmpty = !existsSync(environment) || statSync(environment).size <= EMPTY_BYTES_MAX;
  if (others.length === 0 && isEmpty) return true;
  throw new StoreError(
    'unknown-format',
    `${path} is not empty and has no file "${FORMAT_FILE}": name an empty folder`,
    { path },
  );
}

/** An environment with some tables and no rows. */
const EMPTY_BYTES_MAX: number = 32 * 4096;

class LmdbTables implements OrderedTables {
  readonly name = 'lmdb';
  readonly durable = true;
  readonly #path: string;
  readonly #reserveBytes: number;
  readonly #root: RootDatabase<Uint8Array, Uint8Array>;
  readonly #tables: ReadonlyMap<string, Table>;
  /** Commits run one after the other; each waits for this and replaces it. */
  #tail: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    options: LmdbTablesOptions,
    root: RootDatabase<Uint8Array, Uint8Array>,
    tables: ReadonlyMap<string, Table>,
  ) {
    this.#path = options.path;
    this.#reserveBytes = options.reserveBytes ?? 0;
    this.#root = root;
    this.#tables = tables;
  }

  get(table: string, key: Uint8Array): Uint8Array | undefined {
    const database = this.#table(table);
    try {
      const found = database.getBinary(key);
      if (found === undefined) return undefined;
      // lmdb-js gives a Buffer of its own; everybody else sees Uint8Arrays.
      return new Uint8Array(found.buffer as ArrayBuffer, found.byteOffset, found.byteLength);
    } catch (cause) {
      throw readError(this.#path, cause);
    }
  }

  *range(table: string, options: RangeOptions = {}): Iterable<Row> {
    const { limit = Number.POSITIVE_INFINITY, reverse = false } = options;
    let { from, to } = options;
    let left = limit;
    // A short fetch first: many walks want one row.
    let fetch = 2;
    while (left > 0) {
      const wanted = Math.min(left, fetch);
      const rows = this.#scan(this.#table(table), { from, to, reverse, limit: wanted });
      yield* rows;
      left -= rows.length;
      const last = rows.at(-1);
      if (last === undefined || rows.length < wanted) return;
      if (reverse) to = last.key;
      else from = keyAfter(last.key);
      fetch = SCAN_ROWS;
    }
  }

  commit(writes: readonly TableWrite[]): Promise<void> {
    if (this.#closed) return Promise.reject(closed());
    const result = this.#tail.then(() => this.#commitNow(writes));
    this.#tail = result.catch(() => undefined);
    return result;
  }

  sizeBytes(): number {
    return statSync(join(this.#path, 'data.mdb')).size;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#tail;
    await this.#root.close();
  }

  async #commitNow(writes: readonly TableWrite[]): Promise<void> {
    checkWrites(writes, (name) => this.#tables.has(name));
    if (writes.length === 0) return;
    let bytes = 0;
    for (const { key, value } of writes) bytes += key.length + (value?.length ?? 0);
    if (this.#reserveBytes > 0) refuseWithoutRoom(this.#path, this.#reserveBytes, bytes);
    try {
      // A batch is one conditional block, which lmdb-js never splits over two transactions.
      await this.#root.batch(() => {
        for (const { table, key, value } of writes) {
          const database = this.#tables.get(table) as Table;
          if (value === undefined) void database.remove(key);
          else void database.put(key, value);
        }
      });
    } catch (cause) {
      throw await commitError(this.#path, cause, bytes);
    } finally {
      // Readers of this event turn would go on with the snapshot they began with.
      this.#root.resetReadTxn();
    }
  }

  #scan(database: Table, bounds: RowBounds): Row[] {
    try {
      return scanRows(database, bounds);
    } catch (cause) {
      throw readError(this.#path, cause);
    }
  }

  #table(name: string): Table {
    if (this.#closed) throw closed();
    const table = this.#tables.get(name);
    assert(table !== undefined, `there is no table ${name}`);
    return table;
  }
}

function closed(): StoreError {
  return new StoreError('closed', 'the tables are closed');
}
