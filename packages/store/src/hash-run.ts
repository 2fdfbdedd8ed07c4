import { readU32, readU40, writeU32, writeU40 } from './keys.ts';

/**
 * Sorted records of one slice of the hash index. A record is 24 bytes: bytes 1 to 15 of the block
 * hash (byte 0 is the slice), namespace number u32, index u40. Records of equal hashes stay side by
 * side.
 */
export const RUN_RECORD_BYTES = 24;
const KEY_BYTES = 15;

/** A place that the index knows: number of the namespace, and index in it. */
export interface IndexedPlace {
  readonly number: number;
  readonly index: number;
}

/** Writes the record of a block hash, 24 bytes. */
export function writeRecord(
  target: Uint8Array,
  offset: number,
  hash: Uint8Array,
  place: IndexedPlace,
): void {
  for (let i = 0; i < KEY_BYTES; i++) target[offset + i] = hash[1 + i] as number;
  writeU32(target, offset + KEY_BYTES, place.number);
  writeU40(target, offset + KEY_BYTES + 4, place.index);
}

function readPlace(records: Uint8Array, offset: number): IndexedPlace {
  return {
    number: readU32(records, offset + KEY_BYTES),
    index: readU40(records, offset + KEY_BYTES + 4),
  };
}

function compareKeys(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number): number {
  for (let i = 0; i < KEY_BYTES; i++) {
    const difference = (a[aOffset + i] as number) - (b[bOffset + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Records in key order; equal ones keep their order. */
export function sortRecords(records: Uint8Array): Uint8Array {
  const count = records.length / RUN_RECORD_BYTES;
  const offsets = Array.from({ length: count }, (_, i) => i * RUN_RECORD_BYTES);
  offsets.sort((a, b) => compareKeys(records, a, records, b) || a - b);
  const sorted = new Uint8Array(records.length);
  offsets.forEach((offset, i) => {
    sorted.set(records.subarray(offset, offset + RUN_RECORD_BYTES), i * RUN_RECORD_BYTES);
  });
  return sorted;
}

/**
 * Both runs as one. `added` is the shorter one: the stretches of `base` between its records are
 * found by bisection and copied whole.
 */
export function mergeRuns(base: Uint8Array, added: Uint8Array): Uint8Array {
  const merged = new Uint8Array(base.length + added.length);
  let from = 0;
  let to = 0;
  for (let at = 0; at < added.length; at += RUN_RECORD_BYTES) {
    const until = bound(base, from, added, at, true);
    merged.set(base.subarray(from, until), to);
    to += until - from;
    from = until;
    merged.set(added.subarray(at, at + RUN_RECORD_BYTES), to);
    to += RUN_RECORD_BYTES;
  }
  merged.set(base.subarray(from), to);
  return merged;
}

/**
 * Offset of the first record at or after `from` whose key is above (or, if not `after`, at) a key.
 */
function bound(
  records: Uint8Array,
  from: number,
  key: Uint8Array,
  keyOffset: number,
  after: boolean,
): number {
  let low = from / RUN_RECORD_BYTES;
  let high = records.length / RUN_RECORD_BYTES;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareKeys(records, middle * RUN_RECORD_BYTES, key, keyOffset);
    if (order < 0 || (after && order === 0)) low = middle + 1;
    else high = middle;
  }
  return low * RUN_RECORD_BYTES;
}

/** Places of all records of a sorted run that share the first 16 bytes with `hash`. */
export function findInRun(records: Uint8Array, hash: Uint8Array): IndexedPlace[] {
  const places: IndexedPlace[] = [];
  let at = bound(records, 0, hash, 1, false);
  while (at < records.length && compareKeys(records, at, hash, 1) === 0) {
    places.push(readPlace(records, at));
    at += RUN_RECORD_BYTES;
  }
  return places;
}

/** The same over records in any order. */
export function findUnsorted(
  records: Uint8Array,
  length: number,
  hash: Uint8Array,
): IndexedPlace[] {
  const places: IndexedPlace[] = [];
  for (let at = 0; at < length; at += RUN_RECORD_BYTES) {
    if (records[at] !== hash[1]) continue;
    if (compareKeys(records, at, hash, 1) === 0) places.push(readPlace(records, at));
  }
  return places;
}

/** The row of a run in which a key lies: bytes 1 to 4 of the hash, scaled. They are uniform. */
export function chunkOf(key: Uint8Array, offset: number, chunks: number): number {
  return Math.floor((readU32(key, offset) / 2 ** 32) * chunks);
}

/** A sorted run cut into the rows that `chunkOf` tells. Views of `records`. */
export function splitRun(records: Uint8Array, chunks: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let chunk = 0; chunk < chunks; chunk++) {
    let to = from;
    while (to < records.length && chunkOf(records, to, chunks) === chunk) to += RUN_RECORD_BYTES;
    parts.push(records.subarray(from, to));
    from = to;
  }
  return parts;
}

/** Calls back with each record: its first 16 hash bytes (one buffer, reused) and its place. */
export function forEachRecord(
  records: Uint8Array,
  slice: number,
  visit: (prefix: Uint8Array, place: IndexedPlace) => void,
): void {
  const prefix = new Uint8Array(1 + KEY_BYTES);
  prefix[0] = slice;
  for (let at = 0; at < records.length; at += RUN_RECORD_BYTES) {
    for (let i = 0; i < KEY_BYTES; i++) prefix[1 + i] = records[at + i] as number;
    visit(prefix, readPlace(records, at));
  }
}
