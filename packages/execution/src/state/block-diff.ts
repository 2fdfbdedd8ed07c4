import { assert } from '@basalt/protocol';
import type { Row } from '@basalt/store';
import { ExecutionError } from '../errors.ts';
import { keyOf } from './byte-key.ts';
import { HISTORY_CHUNK_BYTES } from './limits.ts';
import { historyKey } from './tables.ts';
import { NOTHING } from './value-codec.ts';

/**
 * What a block changed, with the values from before it; {@link NOTHING} where there was none. Keys
 * are those of {@link keyOf} over hashed addresses and slots, values as the tables have them.
 */
export class BlockDiff {
  readonly accounts: Map<string, Uint8Array> = new Map();
  readonly slots: Map<string, Map<string, Uint8Array>> = new Map();
  size = 0;

  setAccount(account: string, before: Uint8Array): void {
    if (!this.accounts.has(account)) this.size++;
    this.accounts.set(account, before);
  }

  setSlot(account: string, slot: string, before: Uint8Array): void {
    let slots = this.slots.get(account);
    if (slots === undefined) {
      slots = new Map();
      this.slots.set(account, slots);
    }
    if (!slots.has(slot)) this.size++;
    slots.set(slot, before);
  }

  /** Values of an older block over those here: what both changed is as it was before the older. */
  mergeOlder(older: BlockDiff): void {
    for (const [account, before] of older.accounts) this.setAccount(account, before);
    for (const [account, slots] of older.slots) {
      for (const [slot, before] of slots) this.setSlot(account, slot, before);
    }
  }
}

// A block's history lies in chunks of rows, in the order of tags: 6 bytes mixed from the key, so
// that the slots of one contract spread. Chunk 0 has the first tag of each other chunk.
const TAG_BYTES = 6;
/** Tag, kind and length of the value. */
const ROW_HEADER = TAG_BYTES + 2;
const ACCOUNT = 0;
const SLOT = 1;

/** A value that a block changed, as it was before. */
export interface OldValue {
  /** Hash of the address. */
  readonly account: Uint8Array;
  /** Hash of the slot; undefined: the account itself. */
  readonly slot: Uint8Array | undefined;
  readonly before: Uint8Array;
}

/** Rows of a block's history for the engine; the order of the values does not matter. */
export function encodeDiff(number: number, values: readonly OldValue[]): Row[] {
  const tags = new Float64Array(values.length);
  values.forEach(({ account, slot }, index) => {
    tags[index] = tagOf(account, slot);
  });
  const order = Array.from(tags.keys()).sort((a, b) => (tags[a] as number) - (tags[b] as number));
  const firsts: number[] = [];
  const rows: Row[] = [];
  // A row is shorter than 256 bytes: what a chunk may have, and one more.
  const chunk = new Uint8Array(HISTORY_CHUNK_BYTES + 256);
  let length = 0;
  const close = (): void => {
    if (length === 0) return;
    rows.push({ key: historyKey(number, firsts.length), value: chunk.slice(0, length) });
    length = 0;
  };
  for (const index of order) {
    if (length === 0) firsts.push(tags[index] as number);
    length = writeRow(chunk, length, tags[index] as number, values[index] as OldValue);
    if (length > HISTORY_CHUNK_BYTES) close();
  }
  close();
  const directory = new Uint8Array(1 + TAG_BYTES * firsts.length);
  for (const [index, tag] of firsts.entries()) writeTag(directory, 1 + TAG_BYTES * index, tag);
  return [{ key: historyKey(number, 0), value: directory }, ...rows];
}

/** @returns where the next row goes */
function writeRow(
  chunk: Uint8Array,
  offset: number,
  tag: number,
  { account, slot, before }: OldValue,
): number {
  assert(before.length < 128, 'accounts and slots are short');
  writeTag(chunk, offset, tag);
  chunk[offset + TAG_BYTES] = slot === undefined ? ACCOUNT : SLOT;
  chunk[offset + TAG_BYTES + 1] = before.length;
  let at = offset + ROW_HEADER;
  for (let index = 0; index < 32; index++) chunk[at++] = account[index] as number;
  if (slot !== undefined) {
    for (let index = 0; index < 32; index++) chunk[at++] = slot[index] as number;
  }
  for (let index = 0; index < before.length; index++) chunk[at++] = before[index] as number;
  return at;
}

/** Reads rows of a block's history from the engine. */
export type ReadChunk = (number: number, chunk: number) => Uint8Array | undefined;

/** @returns undefined: the block did not change it */
export function findInDiff(
  read: ReadChunk,
  number: number,
  account: Uint8Array,
  slot: Uint8Array | undefined,
): Uint8Array | undefined {
  const directory = read(number, 0);
  if (directory === undefined) throw missing(number);
  const tag = tagOf(account, slot);
  const chunks = (directory.length - 1) / TAG_BYTES;
  // The last chunk that begins below the tag, as the row may be its last one.
  let low = 0;
  let high = chunks;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (readTag(directory, 1 + TAG_BYTES * middle) < tag) low = middle + 1;
    else high = middle;
  }
  for (let chunk = Math.max(0, low - 1); chunk < chunks; chunk++) {
    if (readTag(directory, 1 + TAG_BYTES * chunk) > tag) return undefined;
    const rows = read(number, chunk + 1);
    if (rows === undefined) throw missing(number);
    const found = findInChunk(rows, tag, account, slot);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findInChunk(
  rows: Uint8Array,
  tag: number,
  account: Uint8Array,
  slot: Uint8Array | undefined,
): Uint8Array | undefined {
  for (let at = 0; at < rows.length; ) {
    const isSlot = rows[at + TAG_BYTES] === SLOT;
    const value = at + ROW_HEADER + (isSlot ? 64 : 32);
    const end = value + (rows[at + TAG_BYTES + 1] as number);
    const found = readTag(rows, at);
    if (found > tag) return undefined;
    if (found === tag && isSlot === (slot !== undefined)) {
      const key = at + ROW_HEADER;
      const matches =
        isAt(rows, key, account) && (slot === undefined || isAt(rows, key + 32, slot));
      if (matches) return end === value ? NOTHING : rows.slice(value, end);
    }
    at = end;
  }
  return undefined;
}

/** The whole history of a block. */
export function readDiff(read: ReadChunk, number: number): BlockDiff {
  const directory = read(number, 0);
  if (directory === undefined) throw missing(number);
  const diff = new BlockDiff();
  for (let chunk = 1; chunk <= (directory.length - 1) / TAG_BYTES; chunk++) {
    const rows = read(number, chunk);
    if (rows === undefined) throw missing(number);
    for (let at = 0; at < rows.length; ) {
      const isSlot = rows[at + TAG_BYTES] === SLOT;
      const key = at + ROW_HEADER;
      const value = key + (isSlot ? 64 : 32);
      const end = value + (rows[at + TAG_BYTES + 1] as number);
      const before = end === value ? NOTHING : rows.slice(value, end);
      const account = keyOf(rows.subarray(key, key + 32));
      if (isSlot) diff.setSlot(account, keyOf(rows.subarray(key + 32, key + 64)), before);
      else diff.setAccount(account, before);
      at = end;
    }
  }
  return diff;
}

function tagOf(account: Uint8Array, slot: Uint8Array | undefined): number {
  let tag = 0;
  for (let at = 0; at < TAG_BYTES; at++) {
    tag = tag * 256 + ((account[at] as number) ^ (slot === undefined ? 0 : (slot[at] as number)));
  }
  return tag;
}

function writeTag(bytes: Uint8Array, offset: number, tag: number): void {
  let rest = tag;
  for (let at = offset + TAG_BYTES - 1; at >= offset; at--) {
    bytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

function readTag(bytes: Uint8Array, offset: number): number {
  let tag = 0;
  for (let at = 0; at < TAG_BYTES; at++) tag = tag * 256 + (bytes[offset + at] as number);
  return tag;
}

function isAt(rows: Uint8Array, offset: number, key: Uint8Array): boolean {
  for (let at = 0; at < key.length; at++) if (rows[offset + at] !== key[at]) return false;
  return true;
}

function missing(number: number): ExecutionError {
  const message = `the history of block ${number} is not in the store`;
  return new ExecutionError('damaged-state', message, { number });
}
