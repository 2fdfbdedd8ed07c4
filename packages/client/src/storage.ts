/**
 * Where a light client keeps what it must not forget between two runs: per log origin the newest
 * checkpoint that it accepted, and the log's key where it was taken on first use. A few hundred
 * bytes each. Losing it loses the memory against which a rewritten history would be noticed.
 *
 * Implementations may be backed by files, a database or a browser's local storage. `write` must be
 * durable when its promise resolves as far as the medium can.
 */
export interface CheckpointStorage {
  read(key: string): Promise<string | undefined>;
  write(key: string, value: string): Promise<void>;
}

/** Keeps entries in a map; gone with the process. */
export function createMemoryStorage(
  entries: Iterable<readonly [string, string]> = [],
): CheckpointStorage {
  const map = new Map(entries);
  return {
    read: async (key) => map.get(key),
    write: async (key, value) => {
      map.set(key, value);
    },
  };
}

/** The part of the Web Storage interface that is needed: `localStorage` fits. */
export interface WebStorageLike {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/**
 * Over `localStorage` or anything of its shape. A full or forbidden storage fails the write, and
 * the client's call with it: going on would silently drop the memory that detects a rewritten log.
 *
 * @param prefix goes in front of each key, so that several clients can share one storage
 */
export function createWebStorage(storage: WebStorageLike, prefix = 'basalt:'): CheckpointStorage {
  return {
    read: async (key) => storage.getItem(prefix + key) ?? undefined,
    write: async (key, value) => storage.setItem(prefix + key, value),
  };
}
