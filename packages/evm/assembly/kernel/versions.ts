// What lies below a transaction: the newest of the entries of lower ones (entries.ts), or the base
// value. A balance is all deltas below, down to the nearest balance, on top of that.
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
  CELL_KEY,
  CELL_NONCE,
  CELL_NONCES,
  CELL_VALUE,
  CELL_VALUES,
} from './cells';
import {
  ENTRY_CODE,
  ENTRY_FLAGS,
  ENTRY_IS_CLEARED,
  ENTRY_IS_DELTA,
  ENTRY_IS_ESTIMATE,
  ENTRY_IS_EXISTING,
  ENTRY_NEXT,
  ENTRY_TRANSACTION,
  ENTRY_VALUE,
  entryBelow,
} from './entries';
import { hostReadAccount, hostReadStorage } from './host';
import { scratch } from './layout';
import { addWords, copyWord, isZeroWord, setWord } from './words';

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
  if (isLoaded && atomic.load<u32>(cell, CELL_EPOCH) == epoch) return true;
  if (!canAsk) {
    blocker = NOT_LOADED;
    return false;
  }
  storeAddress(scratch, account + CELL_ADDRESS);
  storeBytes32(scratch + 32, cell + CELL_KEY);
  hostReadStorage(scratch, scratch + 32, scratch + 64);
  loadBytes32(cell + CELL_VALUE, scratch + 64);
  // The number after the value: whoever sees the one sees the other.
  atomic.store<u32>(cell, epoch, CELL_EPOCH);
  atomic.store<u32>(cell, BASE_IS_LOADED, CELL_BASE);
  return true;
}
