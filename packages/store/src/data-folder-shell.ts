import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyValueEngine } from './engine.ts';
import { createLogStore, type EngineLogStore, type LogStoreOptions } from './engine-log-store.ts';
import { createLmdbEngine } from './engines/lmdb-shell.ts';
import { StoreError } from './errors.ts';
import { FolderLock, type PublishedHead } from './folder-lock-shell.ts';
import { DISK_RESERVE_BYTES_DEFAULT } from './limits.ts';

const FORMAT_FILE = 'format';
const FORMAT_TEXT = 'basalt-data 1\n';
/** Of the engine, within a data folder; it may be a disk of its own. */
export const STORE_FOLDER = 'store';

export interface DataFolderOptions {
  readonly store?: LogStoreOptions;
  /** Room that stays free on the disk; default 16 MiB. Writes below it meet `disk-full`. */
  readonly reserveBytes?: number;
  /**
   * Opens although the store is older than its log, or although the record of what was published
   * is lost: to import what is missing, and for fsck. Publish nothing from a folder opened so.
   */
  readonly allowOlder?: boolean;
  /** Another engine in the folder `path`; default LMDB. */
  readonly createEngine?: (path: string) => Promise<KeyValueEngine>;
}

/**
 * A node's folder: `format` (version), `store/` (the engine), `lock.sqlite` (the lock and what was
 * published, outside of the store so that a restored store cannot bring an older one along) and
 * `lock.pid` (who holds it, for people).
 */
export interface DataFolder extends AsyncDisposable {
  readonly path: string;
  readonly store: EngineLogStore;
  /**
   * Call before a checkpoint leaves the process: durable when it returns (one fsync for all
   * records, synchronous). Smaller sizes than recorded are left out.
   * @throws StoreError `conflict` when a log would publish two roots of one size; nothing is
   *   recorded
   */
  recordPublished(records: readonly PublishedHead[]): void;
  /** The greatest size of each log that was ever published from this folder. */
  published(): PublishedHead[];
  /** Closes store, engine and lock. */
  close(): Promise<void>;
}

/**
 * Opens a data folder, creates it (mode 0700) when there is none.
 *
 * @throws StoreError `locked` (another process has it; the message says which), `unknown-format`,
 *   `older-than-log` (the store has lost blocks that a published checkpoint covers), `corrupt`,
 *   `io`
 */
export async function openDataFolder(
  path: string,
  options: DataFolderOptions = {},
): Promise<DataFolder> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new StoreError('io', `cannot create the data folder ${path}`, { path }, { cause });
  });
  const isNew = await checkFormat(path, options.allowOlder === true);
  const lock = new FolderLock(path);
  try {
    if (isNew) await writeFormat(path);
    const createEngine =
      options.createEngine ??
      ((folder) => {
        const reserveBytes = options.reserveBytes ?? DISK_RESERVE_BYTES_DEFAULT;
        return createLmdbEngine({ path: folder, reserveBytes });
      });
    const engine = await createEngine(join(path, STORE_FOLDER));
    // Whoever owns the engine last closes it: the store, once there is one.
    let owner: { close(): Promise<void> } = engine;
    try {
      const store = await createLogStore(engine, options.store);
      owner = store;
      if (options.allowOlder !== true) await checkNotOlder(path, store, lock.published());
      return new OpenFolder(path, store, lock);
    } catch (error) {
      await owner.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

class OpenFolder implements DataFolder {
  readonly path: string;
  readonly store: EngineLogStore;
  readonly #lock: FolderLock;

  constructor(path: string, store: EngineLogStore, lock: FolderLock) {
    this.path = path;
    this.store = store;
    this.#lock = lock;
  }

  recordPublished(records: readonly PublishedHead[]): void {
    this.#lock.recordPublished(records);
  }

  published(): PublishedHead[] {
    return this.#lock.published();
  }

  async close(): Promise<void> {
    await this.store.close();
    this.#lock.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** True: there is nothing yet. @throws StoreError `unknown-format`, `older-than-log` */
async function checkFormat(path: string, allowOlder: boolean): Promise<boolean> {
  const found = await readFile(join(path, FORMAT_FILE), 'utf8').catch(() => undefined);
  if (found === undefined) {
    if (!existsSync(join(path, STORE_FOLDER))) return true;
    throw new StoreError(
      'unknown-format',
      `${path} holds a store but no file "${FORMAT_FILE}": this is not a whole data folder; ` +
        'copy all of it, or name an empty folder',
      { path },
    );
  }
  if (found !== FORMAT_TEXT) {
    throw new StoreError(
      'unknown-format',
      `${path} has format ${JSON.stringify(found.slice(0, 40))}, this program knows ` +
        `${JSON.stringify(FORMAT_TEXT)}: use the version of basalt that wrote it`,
      { path },
    );
  }
  if (!allowOlder && !FolderLock.exists(path)) {
    throw new StoreError(
      'older-than-log',
      `the record of published checkpoints (lock.sqlite) is missing in ${path}, so nobody can ` +
        'tell whether this store is older than its log: put the file back, or compare with a ' +
        'mirror, import what is missing and allow it once (allowOlder)',
      { path },
    );
  }
  return false;
}

/** Write, sync, rename, sync: the file is there whole or not at all. */
async function writeFormat(path: string): Promise<void> {
  const target = join(path, FORMAT_FILE);
  const temporary = `${target}.new`;
  await writeFile(temporary, FORMAT_TEXT, { mode: 0o600, flush: true });
  await rename(temporary, target);
  // Windows does not open folders; its rename is durable by itself (NTFS journal).
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * A store restored from an old copy would sign a second history over the part that is missing. That
 * cannot be taken back, so the node does not start.
 */
async function checkNotOlder(
  path: string,
  store: EngineLogStore,
  published: readonly PublishedHead[],
): Promise<void> {
  for (const { log, namespace, size } of published) {
    if (namespace === undefined) continue;
    const head = await store.head(namespace);
    const stored = head?.size ?? 0;
    if (stored >= size) continue;
    throw new StoreError(
      'older-than-log',
      `the store in ${path} is older than its log: ${namespace} has ${stored} blocks, and a ` +
        `checkpoint of ${size} was published. Put the newest copy of the folder back, or import ` +
        'the missing blocks from a mirror; do not append before that, or the log forks',
      { path, log, namespace, size: stored, publishedSize: size },
    );
  }
}
