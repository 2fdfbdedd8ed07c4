// What transactions of a block wrote, by cell: lists of entries, highest transaction first, at most
// one entry a transaction. Entries are never changed once they are in a list, only marked; a new
// incarnation puts another entry in the old one's place. So readers follow links without a lock and
// see either. Rooms of entries are not used again within a block.
//
// A balance entry is the balance, or what is added to whatever it is below (a delta): the balance
// of a reader is all deltas below it, down to the nearest balance, on top of that.
import { hasNoCodeAt, setNoCode } from './accounts';
import { storeAddress, loadBytes32, storeBytes32 } from './bytes';
import {
  BASE_IS_EXISTING,
  BASE_IS_LOADED,
  CELL_ACCOUNT,
  CELL_ADDRESS,
  CELL_BALANCE,
  CELL_BALANCES,
  CELL_BASE,
  CELL_CODES,
  CELL_CODE_HASH,
  CELL_EPOCH,
  CELL_GENERATION,
  CELL_KEY,
  CELL_NONCE,
  CELL_NONCES,
  CELL_VALUE,
  CELL_VALUES,
  generation,
  lock,
  takeBytes,
  unlock,
} from './cells';
import { hostReadAccount, hostReadStorage } from './host';
import { scratch } from './layout';
import { addWords, copyWord, isZeroWord, setWord } from './words';

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

/** Instead of a transaction: the base value is not loaded and this is no time to ask for it. */
export const NOT_LOADED: u32 = 0xffffffff;

/** Why a value could not be told: the transaction that comes first. */
export let blocker: u32 = 0;
/** Base values may be asked for: a transaction runs and has a state. */
let canAsk: bool = false;
export function allowAsking(is: bool): void {
  canAsk = is;
}

/** Answers of `codeBelow`. */
export let codeHashBelow: usize = 0;
export let newCodeBelow: u32 = 0;
export let isExistingByCode: bool = false;
/** Answer of `nonceBelow`. */
export let nonceFound: u64 = 0;

export const ANSWER_NO: i32 = 0;
export const ANSWER_YES: i32 = 1;
export const ANSWER_BLOCKED: i32 = 2;

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

// @ts-ignore: decorator
@inline
function isEstimate(entry: usize): bool {
  if (!(atomic.load<u32>(entry, ENTRY_FLAGS) & ENTRY_IS_ESTIMATE)) return false;
  blocker = load<u32>(entry, ENTRY_TRANSACTION);
  return true;
}

/** Writes the balance below a transaction to `out`; false: `blocker` comes first. */
export function balanceBelow(cell: usize, transaction: u32, out: usize): bool {
  setWord(out, 0);
  let entry = entryBelow(cell, CELL_BALANCES, transaction);
  while (entry != 0) {
    if (isEstimate(entry)) return false;
    addWords(out, out, entry + ENTRY_VALUE);
    if (!(load<u32>(entry, ENTRY_FLAGS) & ENTRY_IS_DELTA)) return true;
    entry = <usize>atomic.load<u32>(entry, ENTRY_NEXT);
  }
  if (!hasAccountBase(cell)) return false;
  addWords(out, out, cell + CELL_BALANCE);
  return true;
}

/** Finds the nonce below a transaction, `nonceFound`; false: `blocker` comes first. */
export function nonceBelow(cell: usize, transaction: u32): bool {
  const entry = entryBelow(cell, CELL_NONCES, transaction);
  if (entry != 0) {
    if (isEstimate(entry)) return false;
    nonceFound = load<u64>(entry, ENTRY_VALUE);
    return true;
  }
  if (!hasAccountBase(cell)) return false;
  nonceFound = load<u64>(cell, CELL_NONCE);
  return true;
}

/** Finds hash and bytes of the code below a transaction; false: `blocker` comes first. */
export function codeBelow(cell: usize, transaction: u32): bool {
  const entry = entryBelow(cell, CELL_CODES, transaction);
  if (entry != 0) {
    if (isEstimate(entry)) return false;
    codeHashBelow = entry + ENTRY_VALUE;
    newCodeBelow = load<u32>(entry, ENTRY_CODE);
    isExistingByCode = (load<u32>(entry, ENTRY_FLAGS) & ENTRY_IS_EXISTING) != 0;
    return true;
  }
  if (!hasAccountBase(cell)) return false;
  codeHashBelow = cell + CELL_CODE_HASH;
  newCodeBelow = 0;
  isExistingByCode = (load<u32>(cell, CELL_BASE) & BASE_IS_EXISTING) != 0;
  return true;
}

/**
 * Does the account exist below a transaction? What only gets value has no entry in the list of
 * codes: it exists by its balance. ANSWER_*.
 */
export function existenceBelow(cell: usize, transaction: u32, room: usize): i32 {
  if (!codeBelow(cell, transaction)) return ANSWER_BLOCKED;
  if (isExistingByCode) return ANSWER_YES;
  if (!balanceBelow(cell, transaction, room)) return ANSWER_BLOCKED;
  if (!isZeroWord(room)) return ANSWER_YES;
  if (!nonceBelow(cell, transaction)) return ANSWER_BLOCKED;
  return nonceFound != 0 ? ANSWER_YES : ANSWER_NO;
}

/** Is the account without nonce, code and balance below a transaction? ANSWER_*. */
export function emptinessBelow(cell: usize, transaction: u32, room: usize): i32 {
  let first: u32 = 0;
  let isBlocked = false;
  // Any of the three that is known to be there decides, whatever happens to the others.
  if (!codeBelow(cell, transaction)) {
    isBlocked = true;
    first = blocker;
  } else if (!hasNoCodeAt(codeHashBelow)) return ANSWER_NO;
  if (!nonceBelow(cell, transaction)) {
    isBlocked = true;
    first = blocker;
  } else if (nonceFound != 0) return ANSWER_NO;
  if (!balanceBelow(cell, transaction, room)) {
    isBlocked = true;
    first = blocker;
  } else if (!isZeroWord(room)) return ANSWER_NO;
  if (!isBlocked) return ANSWER_YES;
  blocker = first;
  return ANSWER_BLOCKED;
}

/** One more than the last transaction below that cleared the account's storage; 0: none did. */
function clearedBelow(account: usize, transaction: u32): u32 {
  let entry = entryBelow(account, CELL_CODES, transaction);
  while (entry != 0) {
    if (isEstimate(entry)) return NOT_LOADED;
    if (load<u32>(entry, ENTRY_FLAGS) & ENTRY_IS_CLEARED) {
      return load<u32>(entry, ENTRY_TRANSACTION) + 1;
    }
    entry = <usize>atomic.load<u32>(entry, ENTRY_NEXT);
  }
  return 0;
}

/** Did a transaction below clear the storage of the account? ANSWER_*. */
export function clearingBelow(account: usize, transaction: u32): i32 {
  const cleared = clearedBelow(account, transaction);
  if (cleared == NOT_LOADED) return ANSWER_BLOCKED;
  return cleared != 0 ? ANSWER_YES : ANSWER_NO;
}

/** Writes a slot's value below a transaction to `out`; false: `blocker` comes first. */
export function slotBelow(cell: usize, transaction: u32, out: usize): bool {
  const cleared = clearedBelow(<usize>load<u32>(cell, CELL_ACCOUNT), transaction);
  if (cleared == NOT_LOADED) return false;
  const entry = entryBelow(cell, CELL_VALUES, transaction);
  if (entry != 0 && load<u32>(entry, ENTRY_TRANSACTION) + 1 >= cleared) {
    if (isEstimate(entry)) return false;
    copyWord(out, entry + ENTRY_VALUE);
    return true;
  }
  if (cleared != 0) {
    setWord(out, 0);
    return true;
  }
  if (!hasSlotBase(cell)) return false;
  copyWord(out, cell + CELL_VALUE);
  return true;
}

// ---- base values ----

/** Makes sure that the account as it was before the block is known. */
export function hasAccountBase(cell: usize): bool {
  if (atomic.load<u32>(cell, CELL_BASE) & BASE_IS_LOADED) return true;
  if (!canAsk) {
    blocker = NOT_LOADED;
    return false;
  }
  storeAddress(scratch, cell + CELL_ADDRESS);
  const out = scratch + 32;
  let flags = BASE_IS_LOADED;
  if (hostReadAccount(scratch, out)) flags |= BASE_IS_EXISTING;
  else {
    memory.fill(out, 0, 40);
    setNoCode(out + 40);
  }
  // Another engine may do the same at this moment, with the same values.
  store<u64>(cell, load<u64>(out), CELL_NONCE);
  copyWord(cell + CELL_BALANCE, out + 8);
  copyWord(cell + CELL_CODE_HASH, out + 40);
  atomic.store<u32>(cell, flags, CELL_BASE);
  return true;
}

function hasSlotBase(cell: usize): bool {
  const account = <usize>load<u32>(cell, CELL_ACCOUNT);
  const epoch = load<u32>(account, CELL_EPOCH);
  const isLoaded = (atomic.load<u32>(cell, CELL_BASE) & BASE_IS_LOADED) != 0;
  if (isLoaded && load<u32>(cell, CELL_EPOCH) == epoch) return true;
  if (!canAsk) {
    blocker = NOT_LOADED;
    return false;
  }
  storeAddress(scratch, account + CELL_ADDRESS);
  storeBytes32(scratch + 32, cell + CELL_KEY);
  hostReadStorage(scratch, scratch + 32, scratch + 64);
  loadBytes32(cell + CELL_VALUE, scratch + 64);
  store<u32>(cell, epoch, CELL_EPOCH);
  atomic.store<u32>(cell, BASE_IS_LOADED, CELL_BASE);
  return true;
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
