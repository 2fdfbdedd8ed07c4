import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { equalBytes, type NamespaceId } from '@basalt/protocol';
import { StoreError } from './errors.ts';

const DATABASE_FILE = 'lock.sqlite';
const PID_FILE = 'lock.pid';
const SQLITE_BUSY = 5;

/** What a log has shown to the world. */
export interface PublishedHead {
  /** Name of the log, for example the origin line of its checkpoints. */
  readonly log: string;
  /** The namespace whose blocks it holds; undefined for other logs (the super-log). */
  readonly namespace: NamespaceId | undefined;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/**
 * The lock of a data folder and the durable record of what was published from it: one SQLite file
 * held with an exclusive lock of the operating system, which dies with the process, however it
 * dies.
 */
export class FolderLock {
  readonly #path: string;
  readonly #database: DatabaseSync;

  static exists(path: string): boolean {
    return existsSync(join(path, DATABASE_FILE));
  }

  /** @throws StoreError `locked`, `io` */
  constructor(path: string) {
    this.#path = path;
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(join(path, DATABASE_FILE));
      // Exclusive before the first access: then the write-ahead log needs no shared memory, and the
      // lock that the first transaction takes is kept until the end.
      database.exec('PRAGMA locking_mode = EXCLUSIVE');
      database.exec('PRAGMA journal_mode = WAL');
      // FULL: each commit is synced; the default of WAL would sync now and then.
      database.exec('PRAGMA synchronous = FULL');
      database.exec('BEGIN EXCLUSIVE');
      database.exec(
        'CREATE TABLE IF NOT EXISTS published ' +
          '(log TEXT PRIMARY KEY, namespace TEXT, size INTEGER NOT NULL, root BLOB NOT NULL) ' +
          'STRICT',
      );
      database.exec('COMMIT');
      writeFileSync(join(path, PID_FILE), `${process.pid}\n`, { mode: 0o600 });
      this.#database = database;
    } catch (error) {
      database?.close();
      throw isBusy(error) ? locked(path) : cannotOpen(path, error);
    }
  }

  /** As `DataFolder.recordPublished`. */
  recordPublished(records: readonly PublishedHead[]): void {
    if (records.length === 0) return;
    const read = this.#database.prepare('SELECT size, root FROM published WHERE log = ?');
    const write = this.#database.prepare(
      'INSERT INTO published (log, namespace, size, root) VALUES (?, ?, ?, ?) ON CONFLICT (log) ' +
        'DO UPDATE SET size = excluded.size, root = excluded.root',
    );
    this.#database.exec('BEGIN');
    try {
      for (const { log, namespace, size, root } of records) {
        const before = read.get(log);
        if (before !== undefined) {
          if (Number(before['size']) > size) continue;
          if (Number(before['size']) === size) {
            if (equalBytes(before['root'] as Uint8Array, root)) continue;
            throw splitView(log, size);
          }
        }
        write.run(log, namespace ?? null, size, root);
      }
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      if (error instanceof StoreError) throw error;
      throw new StoreError(
        'io',
        `could not record what is about to be published in ${this.#path}: publish nothing`,
        { path: this.#path },
        { cause: error },
      );
    }
  }

  published(): PublishedHead[] {
    const rows = this.#database.prepare('SELECT log, namespace, size, root FROM published').all();
    return rows.map((row) => ({
      log: String(row['log']),
      namespace: row['namespace'] === null ? undefined : (row['namespace'] as NamespaceId),
      size: Number(row['size']),
      root: row['root'] as Uint8Array,
    }));
  }

  /** May be called twice. */
  release(): void {
    if (!this.#database.isOpen) return;
    rmSync(join(this.#path, PID_FILE), { force: true });
    this.#database.close();
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

function locked(path: string): StoreError {
  let pid: string | undefined;
  try {
    pid = readFileSync(join(path, PID_FILE), 'utf8').trim();
  } catch {
    // Between taking the lock and writing the file; the message does without it.
  }
  const holder = pid === undefined ? 'another process' : `process ${pid}`;
  return new StoreError(
    'locked',
    `${path} is in use by ${holder}: stop it, or name another data folder`,
    { path, pid },
  );
}

function cannotOpen(path: string, cause: unknown): StoreError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoreError(
    'io',
    `cannot lock the data folder ${path}: ${reason}`,
    { path },
    { cause },
  );
}

function splitView(log: string, size: number): StoreError {
  return new StoreError(
    'conflict',
    `${log} has published another root for size ${size}: two checkpoints of one size are a fork; ` +
      'nothing was recorded, publish nothing and run fsck',
    { log, size },
  );
}
