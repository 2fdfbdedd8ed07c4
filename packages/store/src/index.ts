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
export {
  type CommitFault,
  copyMemoryStorage,
  createMemoryEngine,
  createMemoryStorage,
  type MemoryEngineOptions,
  type MemoryStorage,
} from './engines/memory.ts';
export { StoreError, type StoreErrorCode } from './errors.ts';
export type {
  BlockLocation,
  FullTile,
  LogStore,
  NamedRecord,
  NamespaceAppend,
  NamespaceHead,
  StoredBlock,
  StoreStats,
} from './log-store.ts';
