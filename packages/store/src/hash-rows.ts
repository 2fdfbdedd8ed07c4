import { RUN_RECORD_BYTES } from './hash-run.ts';
import { readU32, readU48, writeU32, writeU48 } from './keys.ts';
import { INDEX_CHUNK_BYTES } from './limits.ts';
import { corruptRow } from './rows.ts';

/** First byte of a key in table `hashes`. */
export const HASH_ROW = { log: 1, manifest: 2, run: 3 } as const;

/** A sorted run on disk: its rows have keys (slice, generation, chunk). */
export interface RunDescriptor {
  /** Never used twice in a slice; 0 is the run without rows. */
  readonly generation: number;
  readonly records: number;
  readonly chunks: number;
}

export const EMPTY_RUN: RunDescriptor = { generation: 0, records: 0, chunks: 0 };

/** State of one slice on disk. */
export interface SliceManifest {
  /** Records of log rows up to this sequence number are in the runs. */
  readonly flushed: number;
  readonly young: RunDescriptor;
  readonly old: RunDescriptor;
  readonly nextGeneration: number;
}

export const EMPTY_MANIFEST: SliceManifest = {
  flushed: 0,
  young: EMPTY_RUN,
  old: EMPTY_RUN,
  nextGeneration: 1,
};

const MANIFEST_BYTES = 6 + 4 + 2 * 12;

/** 7 bytes: 1, sequence number u48. */
export function logRowKey(sequence: number): Uint8Array {
  const key = new Uint8Array(7);
  key[0] = HASH_ROW.log;
  writeU48(key, 1, sequence);
  return key;
}

export function decodeLogRowKey(key: Uint8Array): number {
  return readU48(key, 1);
}

/** 2 bytes: 2, slice. */
export function manifestKey(slice: number): Uint8Array {
  return Uint8Array.of(HASH_ROW.manifest, slice);
}

/** 10 bytes: 3, slice, generation u32, chunk u32. */
export function runRowKey(slice: number, generation: number, chunk: number): Uint8Array {
  const key = new Uint8Array(10);
  key[0] = HASH_ROW.run;
  key[1] = slice;
  writeU32(key, 2, generation);
  writeU32(key, 6, chunk);
  return key;
}

export function decodeRunRowKey(key: Uint8Array): {
  slice: number;
  generation: number;
  chunk: number;
} {
  return { slice: key[1] as number, generation: readU32(key, 2), chunk: readU32(key, 6) };
}

/** 34 bytes: flushed u48, next generation u32, then young and old as three u32 each. */
export function encodeManifest(manifest: SliceManifest): Uint8Array {
  const row = new Uint8Array(MANIFEST_BYTES);
  writeU48(row, 0, manifest.flushed);
  writeU32(row, 6, manifest.nextGeneration);
  [manifest.young, manifest.old].forEach((run, i) => {
    writeU32(row, 10 + 12 * i, run.generation);
    writeU32(row, 14 + 12 * i, run.records);
    writeU32(row, 18 + 12 * i, run.chunks);
  });
  return row;
}

/** @throws StoreError `corrupt` */
export function decodeManifest(row: Uint8Array): SliceManifest {
  if (row.length !== MANIFEST_BYTES) {
    throw corruptRow('hashes', 'a manifest of the hash index has another length');
  }
  const run = (offset: number): RunDescriptor => ({
    generation: readU32(row, offset),
    records: readU32(row, offset + 4),
    chunks: readU32(row, offset + 8),
  });
  return {
    flushed: readU48(row, 0),
    nextGeneration: readU32(row, 6),
    young: run(10),
    old: run(22),
  };
}

/** Rows for a run of this many records: each about `INDEX_CHUNK_BYTES`. */
export function chunksFor(records: number): number {
  return Math.max(1, Math.round((records * RUN_RECORD_BYTES) / INDEX_CHUNK_BYTES));
}
