import { assert } from '@basalt/protocol';
import type { KeyValueEngine, WriteOperation } from './engine.ts';
import {
  chunksFor,
  decodeLogRowKey,
  decodeManifest,
  EMPTY_MANIFEST,
  EMPTY_RUN,
  encodeManifest,
  HASH_ROW,
  logRowKey,
  manifestKey,
  type RunDescriptor,
  runRowKey,
  type SliceManifest,
} from './hash-rows.ts';
import {
  chunkOf,
  findInRun,
  findUnsorted,
  forEachRecord,
  type IndexedPlace,
  mergeRuns,
  RUN_RECORD_BYTES,
  sortRecords,
  splitRun,
  writeRecord,
} from './hash-run.ts';
import {
  INDEX_FLUSHES_PER_GROUP_MAX,
  INDEX_PARTITIONS,
  INDEX_PENDING_MAX,
  INDEX_YOUNG_MAX,
} from './limits.ts';
import { corruptRow } from './rows.ts';

export interface IndexedHash {
  /** At least 16 bytes; the index keeps 16. */
  readonly hash: Uint8Array;
  readonly place: IndexedPlace;
}

/** What a commit must write for the index, and what to do once it is durable. */
export interface IndexPlan {
  readonly operations: readonly WriteOperation[];
  apply(): void;
}

interface Pending {
  records: Uint8Array;
  /** Bytes of `records` in use. */
  length: number;
}

interface Flush {
  readonly slice: number;
  readonly manifest: SliceManifest;
}

/** Lookups that meet a run which was replaced meanwhile start again; more often is damage. */
const LOOKUP_ATTEMPTS_MAX = 4;

/**
 * Block hash to place, in the manner of a log-structured merge tree (O'Neil et al. 1996), because a
 * B-tree with random keys dirties one 4 KiB page per block (measured: 15 us of CPU per block at a
 * million, against 0.4 us here).
 *
 *   group commit --> one log row of (hash, place) + the same in memory, by slice (first hash byte)
 *   when more than 32,768 wait --> the next slices, in turn: waiting + young run = new young run
 *   when a young run is too long --> young + old = new old run
 *   log rows whose records are all in runs --> deleted
 *
 * A look-up reads at most two rows of about 15 KiB. Everything happens inside the commits of the
 * blocks themselves, so index and log are never apart. Owner: the writer of the log store; only
 * `find` and `scanSlice` may run beside it.
 */
export class HashIndex {
  readonly #engine: KeyValueEngine;
  /** Resolves when the commit that runs now, if any, has been applied in memory. */
  readonly #settled: () => Promise<void>;
  #manifests: SliceManifest[] = [];
  #pending: Pending[] = [];
  #waiting = 0;
  /** Sequence numbers of log rows: [first, next). */
  #firstLog = 1;
  #nextLog = 1;
  /** The slice whose turn is next. */
  #turn = 0;

  constructor(engine: KeyValueEngine, settled: () => Promise<void>) {
    this.#engine = engine;
    this.#settled = settled;
  }

  /**
   * Reads manifests and log rows anew: at opening and after a commit whose outcome is unknown.
   * Until it is done, look-ups see what was before.
   */
  async load(): Promise<void> {
    const manifests = Array.from({ length: INDEX_PARTITIONS }, () => EMPTY_MANIFEST);
    for await (const { key, value } of this.#engine.range('hashes', rowsOf(HASH_ROW.manifest))) {
      manifests[key[1] as number] = decodeManifest(value);
    }
    const pending = Array.from({ length: INDEX_PARTITIONS }, newPending);
    let nextLog = 1 + Math.max(...manifests.map((manifest) => manifest.flushed));
    let firstLog: number | undefined;
    for await (const { key, value } of this.#engine.range('hashes', rowsOf(HASH_ROW.log))) {
      const sequence = decodeLogRowKey(key);
      firstLog ??= sequence;
      nextLog = Math.max(nextLog, sequence + 1);
      forEachLogRecord(value, (slice, record) => {
        if (sequence > (manifests[slice]?.flushed ?? 0)) addPending(pending[slice], record);
      });
    }
    this.#manifests = manifests;
    this.#pending = pending;
    this.#waiting = pending.reduce((sum, { length }) => sum + length / RUN_RECORD_BYTES, 0);
    this.#nextLog = nextLog;
    this.#firstLog = firstLog ?? nextLog;
    const flushed = manifests.map((manifest) => manifest.flushed);
    this.#turn = flushed.indexOf(Math.min(...flushed));
  }

  /** Places that may hold the block: those whose hash agrees in 16 bytes. Almost always 0 or 1. */
  async find(hash: Uint8Array): Promise<IndexedPlace[]> {
    const slice = hash[0] as number;
    for (let attempt = 0; attempt < LOOKUP_ATTEMPTS_MAX; attempt++) {
      const pending = this.#pendingOf(slice);
      const found = findUnsorted(pending.records, pending.length, hash);
      const { young, old } = this.#manifest(slice);
      const rows = await Promise.all([
        this.#chunk(slice, young, hash),
        this.#chunk(slice, old, hash),
      ]);
      // A missing row was replaced by a commit in between: look at the new manifest.
      if (!rows.every((row) => row !== undefined)) {
        await this.#settled();
        continue;
      }
      for (const records of rows) found.push(...findInRun(records, hash));
      return found;
    }
    throw corruptRow('hashes', 'rows of the hash index are missing');
  }

  /** All records of a slice, for building the filter and for fsck. Repeats none, misses none. */
  async scanSlice(
    slice: number,
    visit: (prefix: Uint8Array, place: IndexedPlace) => void,
  ): Promise<void> {
    for (let attempt = 0; attempt < LOOKUP_ATTEMPTS_MAX; attempt++) {
      const { young, old } = this.#manifest(slice);
      const pending = this.#pendingOf(slice);
      const waiting = pending.records.slice(0, pending.length);
      const runs = await Promise.all([this.#readRun(slice, young), this.#readRun(slice, old)]);
      if (!runs.every((run) => run !== undefined)) {
        await this.#settled();
        continue;
      }
      for (const records of [waiting, ...runs]) forEachRecord(records, slice, visit);
      return;
    }
    throw corruptRow('hashes', 'rows of the hash index are missing');
  }

  /** The manifest of a slice, for fsck. */
  manifest(slice: number): SliceManifest {
    return this.#manifest(slice);
  }

  /**
   * Plans the commit that adds `hashes`. The plan before must have been applied, or `load` called.
   */
  async plan(hashes: readonly IndexedHash[]): Promise<IndexPlan> {
    if (hashes.length === 0) return { operations: [], apply: () => undefined };
    const sequence = this.#nextLog;
    const logRow = encodeLogRow(hashes);
    const operations: WriteOperation[] = [
      { type: 'put', table: 'hashes', key: logRowKey(sequence), value: logRow },
    ];
    const flushes: Flush[] = [];
    let excess = this.#waiting + hashes.length - INDEX_PENDING_MAX;
    while (excess > 0 && flushes.length < INDEX_FLUSHES_PER_GROUP_MAX) {
      const slice = (this.#turn + flushes.length) % INDEX_PARTITIONS;
      excess -= this.#pendingOf(slice).length / RUN_RECORD_BYTES;
      flushes.push(await this.#flush(slice, sequence - 1, operations));
    }
    const firstLog = this.#firstLogAfter(flushes);
    for (let old = this.#firstLog; old < firstLog; old++) {
      operations.push({ type: 'delete', table: 'hashes', key: logRowKey(old) });
    }
    const apply = (): void => {
      for (const { slice, manifest } of flushes) {
        this.#waiting -= this.#pendingOf(slice).length / RUN_RECORD_BYTES;
        this.#pending[slice] = newPending();
        this.#manifests[slice] = manifest;
      }
      forEachLogRecord(logRow, (slice, record) => addPending(this.#pendingOf(slice), record));
      this.#waiting += hashes.length;
      this.#turn = (this.#turn + flushes.length) % INDEX_PARTITIONS;
      this.#firstLog = firstLog;
      this.#nextLog = sequence + 1;
    };
    return { operations, apply };
  }

  /**
   * Writes what waits of one slice into its runs: pushes the operations, returns the new manifest.
   */
  async #flush(slice: number, flushed: number, operations: WriteOperation[]): Promise<Flush> {
    const before = this.#manifest(slice);
    const pending = this.#pendingOf(slice);
    if (pending.length === 0) return this.#putManifest({ ...before, flushed }, slice, operations);
    const added = sortRecords(pending.records.subarray(0, pending.length));
    const young = mergeRuns(await this.#mustReadRun(slice, before.young), added);
    this.#deleteRun(slice, before.young, operations);
    const generation = before.nextGeneration;
    const youngRecords = young.length / RUN_RECORD_BYTES;
    if (youngRecords <= Math.max(INDEX_YOUNG_MAX, before.old.records / 8)) {
      const manifest = {
        flushed,
        young: this.#putRun(slice, generation, young, operations),
        old: before.old,
        nextGeneration: generation + 1,
      };
      return this.#putManifest(manifest, slice, operations);
    }
    const old = mergeRuns(await this.#mustReadRun(slice, before.old), young);
    this.#deleteRun(slice, before.old, operations);
    const manifest = {
      flushed,
      young: EMPTY_RUN,
      old: this.#putRun(slice, generation, old, operations),
      nextGeneration: generation + 1,
    };
    return this.#putManifest(manifest, slice, operations);
  }

  #putManifest(manifest: SliceManifest, slice: number, operations: WriteOperation[]): Flush {
    const value = encodeManifest(manifest);
    operations.push({ type: 'put', table: 'hashes', key: manifestKey(slice), value });
    return { slice, manifest };
  }

  #putRun(
    slice: number,
    generation: number,
    records: Uint8Array,
    operations: WriteOperation[],
  ): RunDescriptor {
    const count = records.length / RUN_RECORD_BYTES;
    const chunks = chunksFor(count);
    splitRun(records, chunks).forEach((part, chunk) => {
      // One byte in front, since not every engine stores empty values.
      const value = new Uint8Array(1 + part.length);
      value.set(part, 1);
      const key = runRowKey(slice, generation, chunk);
      operations.push({ type: 'put', table: 'hashes', key, value });
    });
    return { generation, records: count, chunks };
  }

  #deleteRun(slice: number, run: RunDescriptor, operations: WriteOperation[]): void {
    for (let chunk = 0; chunk < run.chunks; chunk++) {
      const key = runRowKey(slice, run.generation, chunk);
      operations.push({ type: 'delete', table: 'hashes', key });
    }
  }

  /** First log row that is still needed: one after the least that every slice has taken in. */
  #firstLogAfter(flushes: readonly Flush[]): number {
    const flushed = this.#manifests.map((manifest) => manifest.flushed);
    for (const { slice, manifest } of flushes) flushed[slice] = manifest.flushed;
    return Math.max(this.#firstLog, 1 + Math.min(...flushed));
  }

  async #chunk(
    slice: number,
    run: RunDescriptor,
    hash: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    if (run.chunks === 0) return new Uint8Array(0);
    const chunk = chunkOf(hash, 1, run.chunks);
    const row = await this.#engine.get('hashes', runRowKey(slice, run.generation, chunk));
    return row?.subarray(1);
  }

  async #readRun(slice: number, run: RunDescriptor): Promise<Uint8Array | undefined> {
    const records = new Uint8Array(run.records * RUN_RECORD_BYTES);
    let offset = 0;
    for (let chunk = 0; chunk < run.chunks; chunk++) {
      const row = await this.#engine.get('hashes', runRowKey(slice, run.generation, chunk));
      if (row === undefined) return undefined;
      if (offset + row.length - 1 > records.length) throw this.#wrongCount();
      records.set(row.subarray(1), offset);
      offset += row.length - 1;
    }
    if (offset !== records.length) throw this.#wrongCount();
    return records;
  }

  /** For the writer, which nobody can overtake. */
  async #mustReadRun(slice: number, run: RunDescriptor): Promise<Uint8Array> {
    const records = await this.#readRun(slice, run);
    if (records === undefined) throw corruptRow('hashes', 'rows of the hash index are missing');
    return records;
  }

  #wrongCount(): Error {
    return corruptRow(
      'hashes',
      'a run of the hash index has another length than its manifest says',
    );
  }

  #manifest(slice: number): SliceManifest {
    const manifest = this.#manifests[slice];
    assert(manifest !== undefined, 'the index is loaded before it is used');
    return manifest;
  }

  #pendingOf(slice: number): Pending {
    const pending = this.#pending[slice];
    assert(pending !== undefined, 'the index is loaded before it is used');
    return pending;
  }
}

function newPending(): Pending {
  return { records: new Uint8Array(0), length: 0 };
}

function addPending(pending: Pending | undefined, record: Uint8Array): void {
  if (pending === undefined) return;
  if (pending.length === pending.records.length) {
    const grown = new Uint8Array(Math.max(16 * RUN_RECORD_BYTES, pending.length * 2));
    grown.set(pending.records);
    pending.records = grown;
  }
  pending.records.set(record, pending.length);
  pending.length += RUN_RECORD_BYTES;
}

function rowsOf(kind: number): { from: Uint8Array; to: Uint8Array } {
  return { from: Uint8Array.of(kind), to: Uint8Array.of(kind + 1) };
}

/** Log row: for each hash the slice u8 and the 24-byte record. */
function encodeLogRow(hashes: readonly IndexedHash[]): Uint8Array {
  const row = new Uint8Array(hashes.length * (1 + RUN_RECORD_BYTES));
  let offset = 0;
  for (const { hash, place } of hashes) {
    row[offset] = hash[0] as number;
    writeRecord(row, offset + 1, hash, place);
    offset += 1 + RUN_RECORD_BYTES;
  }
  return row;
}

function forEachLogRecord(
  row: Uint8Array,
  visit: (slice: number, record: Uint8Array) => void,
): void {
  if (row.length % (1 + RUN_RECORD_BYTES) !== 0) {
    throw corruptRow('hashes', 'a log row of the hash index is cut');
  }
  for (let offset = 0; offset < row.length; offset += 1 + RUN_RECORD_BYTES) {
    const record = row.subarray(offset + 1, offset + 1 + RUN_RECORD_BYTES);
    visit(row[offset] as number, record);
  }
}
