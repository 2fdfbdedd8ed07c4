import { createLogStore, createMemoryEngine, type MemoryEngineOptions } from '@basalt/store';
import { type RecordStorage, storeRecords } from '../../src/witness/record-storage.ts';

/** Records in the node's own store over an engine in memory. */
export async function memoryRecords(options: MemoryEngineOptions = {}): Promise<RecordStorage> {
  return storeRecords(await createLogStore(createMemoryEngine(options)));
}
