import type { LogStore } from '@basalt/store';

/** Where a witness keeps what it signed, and a client what it collected. */
export interface RecordStorage {
  read(name: string): Promise<Uint8Array | undefined>;
  /** Resolves when the value is durable. A call that throws may or may not have written. */
  write(name: string, value: Uint8Array): Promise<void>;
}

/** Records of the node's own store: one durable commit each, together with what else waits. */
export function storeRecords(store: Pick<LogStore, 'record' | 'putRecords'>): RecordStorage {
  return {
    read: (name) => store.record(name),
    write: (name, value) => store.putRecords([{ name, value }]),
  };
}
