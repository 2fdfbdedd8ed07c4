// What the multi-version memory knows of each transaction of a block: the read set and write set of
// its last incarnation, and its result. A record is written by the engine that ran the incarnation
// and read by others only after the scheduler told them, so nothing here is atomic.
import {
  V_TRANSACTIONS,
  countAbort,
  enterBlock,
  generation,
  header,
  recordOf,
  setVersioned,
  takePiece,
  work,
} from './cells';
import { exceed, BOUND_BLOCK } from './host';
import { insertEntry, markEntry, newEntry, removeOlder } from './entries';
import {
  ANSWER_BLOCKED,
  allowAsking,
  balanceBelow,
  clearingBelow,
  codeBelow,
  codeHashBelow,
  emptinessBelow,
  existenceBelow,
  nonceBelow,
  nonceFound,
  slotBelow,
} from './versions';
import { equalWords } from './words';

// ---- record: 128 bytes ----
/** u32: RAN_*. */
export const RECORD_STATUS: usize = 0;
export const RECORD_INCARNATION: usize = 4;
/** u32 each: first entry and number of entries. */
const RECORD_READS: usize = 8;
const RECORD_READ_COUNT: usize = 12;
export const RECORD_WRITES: usize = 16;
export const RECORD_WRITE_COUNT: usize = 20;
/** u32 each: log records as in layout.ts, but with the address in place. */
export const RECORD_LOGS: usize = 24;
export const RECORD_LOG_BYTES: usize = 28;
export const RECORD_GAS_USED: usize = 32;
export const RECORD_BLOB_GAS: usize = 40;
/** u32: number of the refusal (src/parallel/result.ts), its words as ASCII and their length. */
export const RECORD_ERROR: usize = 48;
export const RECORD_MESSAGE: usize = 52;
export const RECORD_MESSAGE_LENGTH: usize = 56;
/** u32: 1 when RECORD_CREATED holds an address. */
export const RECORD_HAS_CREATED: usize = 60;
/** 32 bytes each. */
export const RECORD_GAS_PRICE: usize = 64;
export const RECORD_CREATED: usize = 96;

export const RAN_NOT: u32 = 0;
export const RAN_REFUSED: u32 = 1;
export const RAN_FAILED: u32 = 2;
export const RAN_WELL: u32 = 3;

// ---- read: 40 bytes: u32 cell, u32 READ_*, the value that was used ----
const READ_BYTES: usize = 40;
export const READ_BALANCE: u32 = 1;
export const READ_NONCE: u32 = 2;
export const READ_CODE: u32 = 3;
/** The answer to a question: ANSWER_*. */
export const READ_EMPTINESS: u32 = 4;
export const READ_EXISTENCE: u32 = 5;
export const READ_CLEARING: u32 = 6;
export const READ_SLOT: u32 = 7;

// ---- write: u32 cell, u32 list ----
export const WRITE_BYTES: usize = 8;

const PIECE_BYTES: u32 = 16384;

/** The transaction and incarnation that run on this instance. */
export let transaction: u32 = 0;
export let incarnation: u32 = 0;
/** Something was written where the incarnation before wrote nothing. */
export let isWider: bool = false;

/** Reads, then writes, grow here in one row. */
let rowStart: usize = 0;
let rowAt: usize = 0;
let rowEnd: usize = 0;
let rowGeneration: u32 = 0;
let readCount: u32 = 0;
let writeCount: u32 = 0;

export function startIncarnation(index: u32, number: u32): void {
  enterBlock();
  if (rowGeneration != generation) {
    rowGeneration = generation;
    rowStart = rowEnd = 0;
  }
  if (index >= load<u32>(header, V_TRANSACTIONS)) exceed(BOUND_BLOCK);
  setVersioned(true);
  allowAsking(true);
  transaction = index;
  incarnation = number;
  rowAt = rowStart;
  readCount = 0;
  writeCount = 0;
  isWider = false;
}

function growRow(bytes: usize): void {
  const used = rowAt - rowStart;
  const wanted = <u32>(used * 2 + bytes);
  const size = wanted > PIECE_BYTES ? wanted : PIECE_BYTES;
  const piece = takePiece(size);
  memory.copy(piece, rowStart, used);
  rowStart = piece;
  rowAt = piece + used;
  rowEnd = piece + <usize>size;
}

/** Notes a read; returns where its value of 32 bytes goes. */
export function noteRead(kind: u32, cell: usize): usize {
  if (rowAt + READ_BYTES > rowEnd) growRow(READ_BYTES);
  const read = rowAt;
  rowAt = read + READ_BYTES;
  readCount++;
  store<u32>(read, <u32>cell);
  store<u32>(read, kind, 4);
  return read + 8;
}

/** Writes a version; returns its entry's value of 32 bytes before it is in the list. */
export function writeVersion(
  cell: usize,
  list: usize,
  flags: u32,
  value: usize,
  code: usize,
): void {
  if (rowAt + WRITE_BYTES > rowEnd) growRow(WRITE_BYTES);
  const entry = newEntry(transaction, incarnation, flags);
  memory.copy(entry + 32, value, 32);
  store<u32>(entry, <u32>code, 16);
  if (!insertEntry(cell, list, entry)) isWider = true;
  store<u32>(rowAt, <u32>cell);
  store<u32>(rowAt, <u32>list, 4);
  rowAt += WRITE_BYTES;
  writeCount++;
}

/** All is written: takes back what only the incarnation before wrote, and fills in the record. */
export function closeRow(status: u32): usize {
  const record = recordOf(transaction);
  let old = <usize>load<u32>(record, RECORD_WRITES);
  const oldEnd = old + <usize>load<u32>(record, RECORD_WRITE_COUNT) * WRITE_BYTES;
  for (; old < oldEnd; old += WRITE_BYTES) {
    removeOlder(<usize>load<u32>(old), <usize>load<u32>(old, 4), transaction, incarnation);
  }
  const readBytes = <usize>readCount * READ_BYTES;
  store<u32>(record, status, RECORD_STATUS);
  store<u32>(record, incarnation, RECORD_INCARNATION);
  store<u32>(record, <u32>rowStart, RECORD_READS);
  store<u32>(record, readCount, RECORD_READ_COUNT);
  store<u32>(record, <u32>(rowStart + readBytes), RECORD_WRITES);
  store<u32>(record, writeCount, RECORD_WRITE_COUNT);
  rowStart = rowAt;
  return record;
}

// ---- what schedulers ask ----

/** Do the reads of the last incarnation give the same values now? */
export function isStillValid(index: u32): bool {
  enterBlock();
  allowAsking(false);
  const record = recordOf(index);
  if (load<u32>(record, RECORD_STATUS) == RAN_NOT) return false;
  let read = <usize>load<u32>(record, RECORD_READS);
  const end = read + <usize>load<u32>(record, RECORD_READ_COUNT) * READ_BYTES;
  for (; read < end; read += READ_BYTES) {
    const cell = <usize>load<u32>(read);
    if (!isReadSame(cell, load<u32>(read, 4), index, read + 8)) {
      countAbort(cell);
      return false;
    }
  }
  return true;
}

function isReadSame(cell: usize, kind: u32, index: u32, value: usize): bool {
  switch (kind) {
    case READ_BALANCE:
      return balanceBelow(cell, index, work) && equalWords(work, value);
    case READ_SLOT:
      return slotBelow(cell, index, work) && equalWords(work, value);
    case READ_NONCE:
      return nonceBelow(cell, index) && nonceFound == load<u64>(value);
    case READ_CODE:
      return codeBelow(cell, index) && equalWords(codeHashBelow, value);
    case READ_EMPTINESS:
      return isAnswerSame(emptinessBelow(cell, index, work), value);
    case READ_EXISTENCE:
      return isAnswerSame(existenceBelow(cell, index, work), value);
    default:
      return isAnswerSame(clearingBelow(cell, index), value);
  }
}

// @ts-ignore: decorator
@inline
function isAnswerSame(answer: i32, value: usize): bool {
  return answer != ANSWER_BLOCKED && u64(answer) == load<u64>(value);
}

/** Marks all that the last incarnation wrote. */
export function markWrites(index: u32): void {
  enterBlock();
  const record = recordOf(index);
  let write = <usize>load<u32>(record, RECORD_WRITES);
  const end = write + <usize>load<u32>(record, RECORD_WRITE_COUNT) * WRITE_BYTES;
  for (; write < end; write += WRITE_BYTES) {
    markEntry(<usize>load<u32>(write), <usize>load<u32>(write, 4), index);
  }
}
