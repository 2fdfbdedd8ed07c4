// The coordinator's work between blocks, when no engine runs: a new block, what it changed, taking
// values over as base values, making room.
import {
  BASE_IS_EXISTING,
  BASE_IS_LOADED,
  CELL_ACCOUNT,
  CELL_BALANCE,
  CELL_BASE,
  CELL_BYTES,
  CELL_CODE_HASH,
  CELL_EPOCH,
  CELL_GENERATION,
  CELL_IS_SLOT,
  CELL_KIND,
  CELL_MARK,
  CELL_NEXT,
  CELL_NONCE,
  CELL_SLOTS,
  CELL_USED,
  CELL_VALUE,
  V_BLOCK_USED,
  V_CELL_COUNT,
  V_GENERATION,
  V_HOT_COUNT,
  V_TABLE_VERSION,
  V_TRANSACTIONS,
  V_TRANSACTIONS_MAX,
  V_WALK,
  cellIndex,
  cellIndexMask,
  cells,
  cellsMax,
  enterBlock,
  generation,
  header,
  positionOf,
  recordOf,
  work,
} from './cells';
import { BOUND_BLOCK, exceed } from './host';
import { RECORD_WRITES, RECORD_WRITE_COUNT, WRITE_BYTES } from './records';
import {
  ANSWER_YES,
  allowAsking,
  balanceBelow,
  clearingBelow,
  codeBelow,
  codeHashBelow,
  existenceBelow,
  newCodeBelow,
  nonceBelow,
  nonceFound,
  slotBelow,
} from './versions';
import { copyWord } from './words';

const RECORD_BYTES: usize = 128;

// ---- answers of `accountAfter`, at `work` ----
/** u32 each: exists, existed before the block, storage was cleared, new code or 0. */
const AFTER_EXISTS: usize = 0;
const AFTER_EXISTED: usize = 4;
const AFTER_CLEARED: usize = 8;
const AFTER_CODE: usize = 12;
const AFTER_NONCE: usize = 16;
/** 32 bytes each. */
const AFTER_BALANCE: usize = 32;
const AFTER_CODE_HASH: usize = 64;
const ROOM: usize = 96;

/** Ages of cells told apart when room is made. */
const AGES: u32 = 16;

/** A block of `count` transactions: no versions, no results; base values stay. */
export function openBlock(count: u32): void {
  enterBlock();
  if (count > load<u32>(header, V_TRANSACTIONS_MAX)) exceed(BOUND_BLOCK);
  const used = load<u32>(header, V_CELL_COUNT);
  if (used > cellsMax - (cellsMax >> 2)) dropOldCells();
  raiseGeneration();
  store<u32>(header, 0, V_BLOCK_USED);
  store<u32>(header, 0, V_HOT_COUNT);
  store<u32>(header, count, V_TRANSACTIONS);
  memory.fill(recordOf(0), 0, <usize>count * RECORD_BYTES);
}

function raiseGeneration(): void {
  const next = generation + 1;
  // Cells of 2^32 blocks ago would look like those of now.
  if (next == 0) forgetCells();
  atomic.store<u32>(header, next == 0 ? 1 : next, V_GENERATION);
  enterBlock();
}

/** Forgets all cells, with their base values. */
export function clearCells(): void {
  enterBlock();
  forgetCells();
  raiseGeneration();
  store<u32>(header, 0, V_BLOCK_USED);
  store<u32>(header, 0, V_HOT_COUNT);
  store<u32>(header, 0, V_TRANSACTIONS);
}

function forgetCells(): void {
  memory.fill(cellIndex, 0, <usize>(cellIndexMask + 1) * 4);
  store<u32>(header, 0, V_CELL_COUNT);
  atomic.store<u32>(header, load<u32>(header, V_TABLE_VERSION) + 1, V_TABLE_VERSION);
}

// ---- what a block changed ----

/**
 * Links the cells that the first `count` transactions wrote: accounts in a list, and the slots of
 * each in a list of its own. Returns the first account, 0: none.
 */
export function gatherCells(count: u32): usize {
  enterBlock();
  allowAsking(false);
  const walk = load<u32>(header, V_WALK) + 1;
  store<u32>(header, walk, V_WALK);
  let first: usize = 0;
  for (let index: u32 = 0; index < count; index++) {
    const record = recordOf(index);
    let write = <usize>load<u32>(record, RECORD_WRITES);
    const end = write + <usize>load<u32>(record, RECORD_WRITE_COUNT) * WRITE_BYTES;
    for (; write < end; write += WRITE_BYTES) {
      const cell = <usize>load<u32>(write);
      if (load<u32>(cell, CELL_MARK) == walk) continue;
      const isSlot = load<u32>(cell, CELL_KIND) == CELL_IS_SLOT;
      const account = isSlot ? <usize>load<u32>(cell, CELL_ACCOUNT) : cell;
      if (load<u32>(account, CELL_MARK) != walk) {
        store<u32>(account, walk, CELL_MARK);
        store<u32>(account, <u32>first, CELL_NEXT);
        store<u32>(account, 0, CELL_SLOTS);
        first = account;
      }
      if (!isSlot) continue;
      store<u32>(cell, walk, CELL_MARK);
      store<u32>(cell, load<u32>(account, CELL_SLOTS), CELL_NEXT);
      store<u32>(account, <u32>cell, CELL_SLOTS);
    }
  }
  return first;
}

/** An account after `count` transactions, at `work`; 0 when its base value is not known. */
export function accountAfter(cell: usize, count: u32): i32 {
  const existence = existenceBelow(cell, count, work + ROOM);
  if (!balanceBelow(cell, count, work + AFTER_BALANCE)) return 0;
  if (!nonceBelow(cell, count) || !codeBelow(cell, count)) return 0;
  const existed = (load<u32>(cell, CELL_BASE) & BASE_IS_EXISTING) != 0;
  store<u32>(work, u32(existence == ANSWER_YES), AFTER_EXISTS);
  store<u32>(work, u32(existed), AFTER_EXISTED);
  store<u32>(work, u32(clearingBelow(cell, count) == ANSWER_YES), AFTER_CLEARED);
  store<u32>(work, newCodeBelow, AFTER_CODE);
  store<u64>(work, nonceFound, AFTER_NONCE);
  copyWord(work + AFTER_CODE_HASH, codeHashBelow);
  return 1;
}

/** A slot after `count` transactions, at `work`; 0 when it is not known. */
export function slotAfter(cell: usize, count: u32): i32 {
  return i32(slotBelow(cell, count, work));
}

export function workAt(): usize {
  return work;
}

/** The values after `count` transactions become base values; versions are gone. */
export function commitBlock(count: u32): void {
  let account = gatherCells(count);
  for (; account != 0; account = <usize>load<u32>(account, CELL_NEXT)) {
    const epoch = load<u32>(account, CELL_EPOCH);
    const isCleared = clearingBelow(account, count) == ANSWER_YES;
    let slot = <usize>load<u32>(account, CELL_SLOTS);
    for (; slot != 0; slot = <usize>load<u32>(slot, CELL_NEXT)) {
      const isKnown = slotBelow(slot, count, work);
      if (isKnown) copyWord(slot + CELL_VALUE, work);
      store<u32>(slot, isKnown ? BASE_IS_LOADED : 0, CELL_BASE);
      store<u32>(slot, isCleared ? epoch + 1 : epoch, CELL_EPOCH);
    }
    const isKnown = accountAfter(account, count) != 0;
    if (isCleared) store<u32>(account, epoch + 1, CELL_EPOCH);
    if (isKnown) setAccountBase(account);
    else store<u32>(account, 0, CELL_BASE);
  }
  raiseGeneration();
}

// ---- base values from elsewhere ----

/** Takes the account at `work` (AFTER_*) as base value. */
export function setAccountBase(cell: usize): void {
  store<u64>(cell, load<u64>(work, AFTER_NONCE), CELL_NONCE);
  copyWord(cell + CELL_BALANCE, work + AFTER_BALANCE);
  copyWord(cell + CELL_CODE_HASH, work + AFTER_CODE_HASH);
  const exists = load<u32>(work, AFTER_EXISTS) != 0;
  store<u32>(cell, BASE_IS_LOADED | (exists ? BASE_IS_EXISTING : 0), CELL_BASE);
}

/** The account's slots are all zero from now on. */
export function clearStorageBase(cell: usize): void {
  store<u32>(cell, load<u32>(cell, CELL_EPOCH) + 1, CELL_EPOCH);
}

/** Takes the word at `work` as a slot's base value. */
export function setSlotBase(cell: usize): void {
  const account = <usize>load<u32>(cell, CELL_ACCOUNT);
  copyWord(cell + CELL_VALUE, work);
  store<u32>(cell, load<u32>(account, CELL_EPOCH), CELL_EPOCH);
  store<u32>(cell, BASE_IS_LOADED, CELL_BASE);
}

// ---- making room ----

/**
 * Drops the cells that were not named for longest, until half of the room is free. A slot was named
 * when its account was, or before, so that no slot outlives its account.
 */
function dropOldCells(): void {
  const oldest = ageToKeep();
  if (oldest == 0) {
    forgetCells();
    return;
  }
  const end = cells + <usize>load<u32>(header, V_CELL_COUNT) * CELL_BYTES;
  // First where each goes, then whom slots belong to, then the moves, all towards the front.
  let to = cells;
  for (let cell = cells; cell < end; cell += CELL_BYTES) {
    const isKept = isUsed(cell) && generation - load<u32>(cell, CELL_USED) < oldest;
    store<u32>(cell, isKept ? <u32>to : 0, CELL_NEXT);
    if (isKept) to += CELL_BYTES;
  }
  for (let cell = cells; cell < end; cell += CELL_BYTES) {
    if (load<u32>(cell, CELL_NEXT) == 0 || load<u32>(cell, CELL_KIND) != CELL_IS_SLOT) continue;
    const account = <usize>load<u32>(cell, CELL_ACCOUNT);
    store<u32>(cell, load<u32>(account, CELL_NEXT), CELL_ACCOUNT);
  }
  for (let cell = cells; cell < end; cell += CELL_BYTES) {
    const place = <usize>load<u32>(cell, CELL_NEXT);
    if (place != 0 && place != cell) memory.copy(place, cell, CELL_BYTES);
  }
  forgetCells();
  store<u32>(header, <u32>((to - cells) / CELL_BYTES), V_CELL_COUNT);
  for (let cell = cells; cell < to; cell += CELL_BYTES) {
    store<u32>(cell, 0, CELL_GENERATION);
    store<u32>(cell, 0, CELL_MARK);
    insertInIndex(cell);
  }
}

/** Cells named fewer blocks ago than this fill half of the room at most; 0: none would do. */
function ageToKeep(): u32 {
  const end = cells + <usize>load<u32>(header, V_CELL_COUNT) * CELL_BYTES;
  memory.fill(work, 0, AGES * 4);
  for (let cell = cells; cell < end; cell += CELL_BYTES) {
    if (!isUsed(cell)) continue;
    const age = generation - load<u32>(cell, CELL_USED);
    if (age >= AGES) continue;
    const count = work + <usize>age * 4;
    store<u32>(count, load<u32>(count) + 1);
  }
  let kept: u32 = 0;
  let age: u32 = 0;
  for (; age < AGES; age++) {
    kept += load<u32>(work + <usize>age * 4);
    if (kept > cellsMax >> 1) break;
  }
  return age;
}

/** In the index: engines may have made cells that another engine's stand in for. */
function isUsed(cell: usize): bool {
  let position = positionOf(cell);
  while (true) {
    const found = <usize>load<u32>(cellIndex + <usize>position * 4);
    if (found == cell) return true;
    if (found == 0) return false;
    position = (position + 1) & cellIndexMask;
  }
}

function insertInIndex(cell: usize): void {
  let position = positionOf(cell);
  while (load<u32>(cellIndex + <usize>position * 4) != 0) {
    position = (position + 1) & cellIndexMask;
  }
  store<u32>(cellIndex + <usize>position * 4, <u32>cell);
}
