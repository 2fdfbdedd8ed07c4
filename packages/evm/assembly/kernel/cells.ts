// The multi-version memory of a block (Block-STM, Gelashvili et al. 2022), in memory that several
// engines share: a table of cells, one for each account and each slot that any of them named. A
// cell holds the value before the block, which is kept over blocks, and lists of what transactions
// of the block wrote (versions.ts).
//
// Cells are found without locks: the index is open addressing, a place is taken by one
// compare-and-exchange, and cells never go away while engines run. src/parallel/layout.ts has the
// same offsets.
import { BOUND_BLOCK, BOUND_CELLS, exceed } from './host';
import { align } from './layout';
import { equalWords } from './words';

// ---- header ----
const V_CELLS_MAX: usize = 0;
const V_INDEX_MASK: usize = 4;
export const V_TRANSACTIONS_MAX: usize = 8;
const V_BLOCK_BYTES: usize = 12;
export const V_GENERATION: usize = 20;
export const V_TABLE_VERSION: usize = 24;
export const V_CELL_COUNT: usize = 28;
export const V_BLOCK_USED: usize = 32;
export const V_TRANSACTIONS: usize = 36;
const V_SEED: usize = 40;
const V_INDEX_AT: usize = 48;
const V_CELLS_AT: usize = 52;
const V_RECORDS_AT: usize = 56;
const V_BLOCK_AT: usize = 60;
/** u32: number of the coordinator's last walk. */
export const V_WALK: usize = 68;
/** u32: cells in the list of hot cells; then the list. */
export const V_HOT_COUNT: usize = 64;
export const V_HOT: usize = 128;
export const HOT_MAX: u32 = 32;
const V_WORK: usize = 256;
const WORK_BYTES: usize = 256;

// ---- cell: 160 bytes ----
export const CELL_BYTES: usize = 160;
/** u32: CELL_IS_*. */
export const CELL_KIND: usize = 0;
/** u32: locks.ts. */
export const CELL_LOCK: usize = 4;
/** u32: block that the lists are of. */
export const CELL_GENERATION: usize = 8;
/** u32 each: heads of the lists. A slot has the first only. */
export const CELL_BALANCES: usize = 12;
export const CELL_VALUES: usize = 12;
export const CELL_NONCES: usize = 16;
export const CELL_CODES: usize = 20;
/** u32: BASE_*. */
export const CELL_BASE: usize = 24;
/**
 * u32: how often the account's storage was cleared over blocks; a slot's base value counts while
 * its number is that of its account.
 */
export const CELL_EPOCH: usize = 28;
/** Account: the address as in ACCOUNT_ADDRESS. Slot: u32 cell of the account. */
export const CELL_ADDRESS: usize = 32;
export const CELL_ACCOUNT: usize = 32;
/** The value before the block. */
export const CELL_NONCE: usize = 56;
export const CELL_BALANCE: usize = 64;
export const CELL_VALUE: usize = 64;
export const CELL_CODE_HASH: usize = 96;
/** Slot: the key. */
export const CELL_KEY: usize = 96;
/** u32: aborts that it caused, in the block of CELL_ABORTS_OF. */
export const CELL_ABORTS: usize = 128;
export const CELL_ABORTS_OF: usize = 132;
/** u32: block that named it last. */
export const CELL_USED: usize = 136;
/** u32: for the coordinator's walks. */
export const CELL_MARK: usize = 140;
/** u32: next in the walk's list; account: first of its slots in the walk. */
export const CELL_NEXT: usize = 144;
export const CELL_SLOTS: usize = 148;

export const CELL_IS_ACCOUNT: u32 = 1;
export const CELL_IS_SLOT: u32 = 2;

export const BASE_IS_LOADED: u32 = 1;
export const BASE_IS_EXISTING: u32 = 2;

/** Room of a block is handed out in pieces of at least this. */
const CHUNK_BYTES: u32 = 16384;
/** This session reads and writes cells. */
export let isVersioned: bool = false;
export function setVersioned(is: bool): void {
  isVersioned = is;
}

export let header: usize = 0;
export let generation: u32 = 0;
/** 256 bytes for whoever this instance is. */
export let work: usize = 0;
export let cells: usize = 0;
export let cellsMax: u32 = 0;
export let cellIndex: usize = 0;
export let cellIndexMask: u32 = 0;
let records: usize = 0;
let block: usize = 0;
let blockBytes: u32 = 0;
let seed: u64 = 0;
let tableVersion: u32 = 0;
/** A cell that was made and not needed, because another engine was faster. */
let spare: usize = 0;

/** What is used next of this engine's piece of the block's room, and its end. */
let pieceAt: usize = 0;
let pieceEnd: usize = 0;

/** Makes the region at `at` this instance's; `participant` is the engine's number. */
export function attach(at: usize, participant: u32): void {
  header = at;
  work = at + V_WORK + <usize>participant * WORK_BYTES;
  cellsMax = load<u32>(at, V_CELLS_MAX);
  cellIndexMask = load<u32>(at, V_INDEX_MASK);
  cellIndex = <usize>load<u32>(at, V_INDEX_AT);
  cells = <usize>load<u32>(at, V_CELLS_AT);
  records = <usize>load<u32>(at, V_RECORDS_AT);
  block = <usize>load<u32>(at, V_BLOCK_AT);
  blockBytes = load<u32>(at, V_BLOCK_BYTES);
  seed = load<u64>(at, V_SEED);
  generation = 0;
  tableVersion = 0;
  spare = 0;
}

/** Looks whether the coordinator began another block. */
export function enterBlock(): void {
  const now = atomic.load<u32>(header, V_GENERATION);
  if (now == generation) return;
  generation = now;
  pieceAt = 0;
  pieceEnd = 0;
  const version = atomic.load<u32>(header, V_TABLE_VERSION);
  if (version != tableVersion) {
    tableVersion = version;
    spare = 0;
  }
}

/** The record of a transaction of the block: records.ts. */
// @ts-ignore: decorator
@inline
export function recordOf(transaction: u32): usize {
  return records + <usize>transaction * 128;
}

// ---- room of the block ----

/** A piece of the block's room that nobody else has; returns its first byte. */
export function takePiece(bytes: u32): usize {
  const size = <u32>align(bytes, 64);
  const offset = atomic.add<u32>(header + V_BLOCK_USED, size);
  if (size > blockBytes || offset > blockBytes - size) exceed(BOUND_BLOCK);
  return block + offset;
}

/** `bytes` of the block's room, aligned to 8. */
export function takeBytes(bytes: u32): usize {
  const size = align(bytes, 8);
  if (pieceAt + size > pieceEnd) {
    if (size > CHUNK_BYTES / 2) return takePiece(<u32>size);
    pieceAt = takePiece(CHUNK_BYTES);
    pieceEnd = pieceAt + CHUNK_BYTES;
  }
  const at = pieceAt;
  pieceAt = at + size;
  return at;
}

// ---- the table ----

// @ts-ignore: decorator
@inline
function mixAddress(word: usize): u32 {
  let mixed = (load<u64>(word) ^ seed) * 0x9e3779b97f4a7c15;
  mixed = (rotl<u64>(mixed, 31) ^ load<u64>(word, 8)) * 0xc2b2ae3d27d4eb4f;
  mixed = (rotl<u64>(mixed, 27) ^ u64(load<u32>(word, 16))) * 0x165667b19e3779f9;
  return u32(mixed >> 32);
}

// @ts-ignore: decorator
@inline
function mixSlot(account: usize, key: usize): u32 {
  let mixed = (load<u64>(key) ^ seed) * 0x9e3779b97f4a7c15;
  mixed = (rotl<u64>(mixed, 31) ^ load<u64>(key, 8)) * 0xc2b2ae3d27d4eb4f;
  mixed = (rotl<u64>(mixed, 27) ^ load<u64>(key, 16)) * 0x165667b19e3779f9;
  mixed = (rotl<u64>(mixed, 33) ^ load<u64>(key, 24) ^ u64(account)) * 0x9e3779b97f4a7c15;
  return u32(mixed >> 32);
}

// @ts-ignore: decorator
@inline
function isOfAddress(cell: usize, word: usize): bool {
  return (
    load<u64>(cell, CELL_ADDRESS) == load<u64>(word) &&
    load<u64>(cell, CELL_ADDRESS + 8) == load<u64>(word, 8) &&
    load<u32>(cell, CELL_ADDRESS + 16) == load<u32>(word, 16) &&
    load<u32>(cell) == CELL_IS_ACCOUNT
  );
}

// @ts-ignore: decorator
@inline
function isOfSlot(cell: usize, account: usize, key: usize): bool {
  return (
    load<u32>(cell, CELL_ACCOUNT) == <u32>account &&
    equalWords(cell + CELL_KEY, key) &&
    load<u32>(cell) == CELL_IS_SLOT
  );
}

/** Cell of the account whose address is the low 20 bytes of a word; made where there is none. */
export function findAccountCell(word: usize): usize {
  let position = mixAddress(word) & cellIndexMask;
  while (true) {
    const entry = cellIndex + <usize>position * 4;
    let cell = <usize>atomic.load<u32>(entry);
    if (cell == 0) {
      const made = newCell(CELL_IS_ACCOUNT);
      memory.copy(made + CELL_ADDRESS, word, 20);
      cell = place(entry, made);
    }
    if (isOfAddress(cell, word)) return used(cell);
    position = (position + 1) & cellIndexMask;
  }
}

export function findSlotCell(account: usize, key: usize): usize {
  let position = mixSlot(account, key) & cellIndexMask;
  while (true) {
    const entry = cellIndex + <usize>position * 4;
    let cell = <usize>atomic.load<u32>(entry);
    if (cell == 0) {
      const made = newCell(CELL_IS_SLOT);
      store<u32>(made, <u32>account, CELL_ACCOUNT);
      memory.copy(made + CELL_KEY, key, 32);
      cell = place(entry, made);
    }
    if (isOfSlot(cell, account, key)) return used(cell);
    position = (position + 1) & cellIndexMask;
  }
}

/** The cell of an address if there is one; 0: none. */
export function knownAccountCell(word: usize): usize {
  let position = mixAddress(word) & cellIndexMask;
  while (true) {
    const cell = <usize>atomic.load<u32>(cellIndex + <usize>position * 4);
    if (cell == 0 || isOfAddress(cell, word)) return cell;
    position = (position + 1) & cellIndexMask;
  }
}

export function knownSlotCell(account: usize, key: usize): usize {
  let position = mixSlot(account, key) & cellIndexMask;
  while (true) {
    const cell = <usize>atomic.load<u32>(cellIndex + <usize>position * 4);
    if (cell == 0 || isOfSlot(cell, account, key)) return cell;
    position = (position + 1) & cellIndexMask;
  }
}

/** First position of the index at which a cell is looked for. */
export function positionOf(cell: usize): u32 {
  if (load<u32>(cell) == CELL_IS_ACCOUNT) return mixAddress(cell + CELL_ADDRESS) & cellIndexMask;
  return mixSlot(<usize>load<u32>(cell, CELL_ACCOUNT), cell + CELL_KEY) & cellIndexMask;
}

// @ts-ignore: decorator
@inline
function used(cell: usize): usize {
  if (load<u32>(cell, CELL_USED) != generation) store<u32>(cell, generation, CELL_USED);
  return cell;
}

function newCell(kind: u32): usize {
  let cell = spare;
  if (cell == 0) {
    const number = atomic.add<u32>(header + V_CELL_COUNT, 1);
    if (number >= cellsMax) exceed(BOUND_CELLS);
    cell = cells + <usize>number * CELL_BYTES;
  }
  spare = 0;
  memory.fill(cell, 0, CELL_BYTES);
  store<u32>(cell, kind, CELL_KIND);
  return cell;
}

/** Puts a cell into an empty place of the index; returns the one that is there afterwards. */
function place(entry: usize, made: usize): usize {
  const before = <usize>atomic.cmpxchg<u32>(entry, 0, <u32>made);
  if (before == 0) return made;
  spare = made;
  return before;
}

// ---- what causes aborts ----

export function countAbort(cell: usize): void {
  if (atomic.xchg<u32>(cell + CELL_ABORTS_OF, generation) != generation) {
    atomic.store<u32>(cell, 0, CELL_ABORTS);
    const place = atomic.add<u32>(header + V_HOT_COUNT, 1);
    if (place < HOT_MAX) atomic.store<u32>(header + V_HOT + <usize>place * 4, <u32>cell);
  }
  atomic.add<u32>(cell + CELL_ABORTS, 1);
}
