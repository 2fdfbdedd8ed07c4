/**
 * Where blocks live: an append-only log per namespace, with payloads, tiles, heads and a hash
 * index, over a small storage seam.
 *
 * Two seams. `KeyValueEngine` is ordered tables of bytes with one atomic, durable `commit`; LMDB is
 * the embedded default, memory is for tests, and any other engine proves itself with
 * `@basalt/store/testing`. `LogStore` is what the ledger sees; `createLogStore` lays it out over
 * any engine (README: the layout, and what it costs). Beside them `OrderedTables`: tables of a
 * caller's own that are read synchronously, for state in the middle of a computation.
 *
 * Invariants:
 * - What `append` resolved survives kill -9 and loss of power, whole: blocks, tiles, index and head
 *   are one commit.
 * - Appends that wait while a sync runs make the next group: one sync per group, the reply after
 *   it.
 * - An append that is out of date (compare-and-swap of size and head) fails alone.
 * - After a failed commit nothing in memory is believed: it is read anew before anybody is told.
 * - A data folder has one process, and a store that is older than what was published does not open.
 * - A look-up that finds nothing is true: the filter has no false negatives.
 *
 * @example
 * await using folder = await openDataFolder('/var/lib/basalt');
 * await folder.store.append({
 *   namespace, expectedSize: 0, expectedHead: undefined, blocks: [{ entry, blockHash, payload }],
 *   fullTiles: [], edge: undefined, state: undefined,
 * });
 * await folder.store.locate(blockHash); // { namespace, index: 0 }
 *
 * Limits: it stores what it is given. Whether a block is valid, signed by the right key or part of
 * a fork is the ledger's business; only `fsck` looks into blocks, and takes the ledger's rules as a
 * callback. Payloads are not deduplicated: two blocks with equal payloads store them twice, and
 * "payload by hash" is `locate` by block hash, then `payload` by place.
 *
 * @module
 */

export {
  type DataFolder,
  type DataFolderOptions,
  openDataFolder,
  STORE_FOLDER,
} from './data-folder-shell.ts';
export { diskFault } from './disk-fault.ts';
export {
  type Condition,
  type KeyValueEngine,
  type RangeOptions,
  type Row,
  TABLES,
  type Table,
  type WriteOperation,
} from './engine.ts';
export {
  createLogStore,
  type EngineLogStore,
  type LogStoreOptions,
} from './engine-log-store.ts';
export { createLmdbEngine, type LmdbEngineOptions } from './engines/lmdb-shell.ts';
export { createLmdbTables, type LmdbTablesOptions } from './engines/lmdb-tables-shell.ts';
export {
  type CommitFault,
  copyMemoryStorage,
  createMemoryEngine,
  createMemoryStorage,
  type MemoryEngineOptions,
  type MemoryStorage,
} from './engines/memory.ts';
export {
  createMemoryTables,
  type MemoryTablesOptions,
  MemoryTablesStorage,
} from './engines/memory-tables.ts';
export { StoreError, type StoreErrorCode } from './errors.ts';
export type { PublishedHead } from './folder-lock-shell.ts';
export { fsck } from './fsck.ts';
export type {
  FsckBlock,
  FsckCode,
  FsckEvent,
  FsckFinding,
  FsckOptions,
  FsckProgress,
  FsckSummary,
} from './fsck-types.ts';
export type {
  BlockLocation,
  FullTile,
  LogStore,
  NamedRecord,
  NamespaceAppend,
  NamespaceBegin,
  NamespaceHead,
  StoredBlock,
  StoreStats,
} from './log-store.ts';
export type { OrderedTables, TableWrite } from './ordered-tables.ts';
