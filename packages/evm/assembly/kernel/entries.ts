// What transactions of a block wrote, by cell: lists of entries, highest transaction first, at most
// one entry a transaction. Entries are never changed once they are in a list, only marked; a new
// incarnation puts another entry in the old one's place. So readers follow links without a lock and
// see either. Rooms of entries are not used again within a block.
//
// A balance entry is the balance, or what is added to whatever it is below (a delta).
import {
  CELL_BALANCES,
  CELL_CODES,
  CELL_GENERATION,
  CELL_NONCES,
  generation,
  takeBytes,
} from './cells';
import { lock, unlock } from './locks';

// ---- entry: 64 bytes ----
const ENTRY_BYTES: u32 = 64;
export const ENTRY_NEXT: usize = 0;
export const ENTRY_TRANSACTION: usize = 4;
export const ENTRY_INCARNATION: usize = 8;
/** u32: ENTRY_IS_*. */
export const ENTRY_FLAGS: usize = 12;
/** u32: new code: u32 length, then the bytes; 0: none. */
export const ENTRY_CODE: usize = 16;
export const ENTRY_VALUE: usize = 32;

/** The transaction was aborted: whoever needs the value waits for its next incarnation. */
export const ENTRY_IS_ESTIMATE: u32 = 1;
export const ENTRY_IS_DELTA: u32 = 2;
/** In lists of codes: the account exists from here on; without it, it was destroyed. */
export const ENTRY_IS_EXISTING: u32 = 4;
/** In lists of codes: storage written before does not count. */
export const ENTRY_IS_CLEARED: u32 = 8;

/** Highest entry of a list below a transaction; 0: none. */
// @ts-ignore: decorator
@inline
export function entryBelow(cell: usize, list: usize, transaction: u32): usize {
  if (atomic.load<u32>(cell, CELL_GENERATION) != generation) return 0;
  let entry = <usize>atomic.load<u32>(cell + list);
  while (entry != 0 && load<u32>(entry, ENTRY_TRANSACTION) >= transaction) {
    entry = <usize>atomic.load<u32>(entry, ENTRY_NEXT);
  }
  return entry;
}

// ---- changing lists ----

/** An entry that is in no list yet. */
export function newEntry(transaction: u32, incarnation: u32, flags: u32): usize {
  const entry = takeBytes(ENTRY_BYTES);
  store<u32>(entry, transaction, ENTRY_TRANSACTION);
  store<u32>(entry, incarnation, ENTRY_INCARNATION);
  store<u32>(entry, flags, ENTRY_FLAGS);
  store<u32>(entry, 0, ENTRY_CODE);
  return entry;
}

/** Puts an entry into a list, in the place of an older one; true: there was an older one. */
export function insertEntry(cell: usize, list: usize, entry: usize): bool {
  const transaction = load<u32>(entry, ENTRY_TRANSACTION);
  lock(cell);
  if (load<u32>(cell, CELL_GENERATION) != generation) {
    store<u32>(cell, 0, CELL_BALANCES);
    store<u32>(cell, 0, CELL_NONCES);
    store<u32>(cell, 0, CELL_CODES);
    atomic.store<u32>(cell, generation, CELL_GENERATION);
  }
  let link = cell + list;
  let next = <usize>load<u32>(link);
  while (next != 0 && load<u32>(next, ENTRY_TRANSACTION) > transaction) {
    link = next + ENTRY_NEXT;
    next = <usize>load<u32>(link);
  }
  const isOld = next != 0 && load<u32>(next, ENTRY_TRANSACTION) == transaction;
  if (isOld) next = <usize>load<u32>(next, ENTRY_NEXT);
  store<u32>(entry, <u32>next, ENTRY_NEXT);
  atomic.store<u32>(link, <u32>entry);
  unlock(cell);
  return isOld;
}

/** Takes a transaction's entry out of a list unless it is of this incarnation. */
export function removeOlder(cell: usize, list: usize, transaction: u32, incarnation: u32): void {
  lock(cell);
  let link = cell + list;
  let entry = <usize>load<u32>(link);
  while (entry != 0 && load<u32>(entry, ENTRY_TRANSACTION) > transaction) {
    link = entry + ENTRY_NEXT;
    entry = <usize>load<u32>(link);
  }
  const isIts = entry != 0 && load<u32>(entry, ENTRY_TRANSACTION) == transaction;
  if (isIts && load<u32>(entry, ENTRY_INCARNATION) != incarnation) {
    atomic.store<u32>(link, load<u32>(entry, ENTRY_NEXT));
  }
  unlock(cell);
}

/** Marks a transaction's entry in a list. */
export function markEntry(cell: usize, list: usize, transaction: u32): void {
  const entry = entryBelow(cell, list, transaction + 1);
  if (entry == 0 || load<u32>(entry, ENTRY_TRANSACTION) != transaction) return;
  atomic.store<u32>(entry, load<u32>(entry, ENTRY_FLAGS) | ENTRY_IS_ESTIMATE, ENTRY_FLAGS);
}
