// Parts of accounts, read when they are first used. In plain sessions an account is read whole and
// every part is known; in versioned ones (cells.ts) each part is looked up alone and noted in the
// read set, so that a transaction depends on what it used and on nothing else.
import { addBalance, hasFlag, hasNoCode, touchAccount } from './accounts';
import { countAbort, findSlotCell, isVersioned, work } from './cells';
import { hostBlocked } from './host';
import {
  ACCOUNT_BALANCE,
  ACCOUNT_BELOW_BALANCE,
  ACCOUNT_BELOW_CODE_HASH,
  ACCOUNT_BELOW_EXISTS,
  ACCOUNT_BELOW_NONCE,
  ACCOUNT_CELL,
  ACCOUNT_CODE_HASH,
  ACCOUNT_CODE_SIZE,
  ACCOUNT_DELTA,
  ACCOUNT_FLAGS,
  ACCOUNT_HAS_BALANCE,
  ACCOUNT_HAS_CODE,
  ACCOUNT_HAS_DELTA,
  ACCOUNT_HAS_EMPTINESS,
  ACCOUNT_HAS_EXISTENCE,
  ACCOUNT_HAS_NONCE,
  ACCOUNT_IS_EXISTING,
  ACCOUNT_NEW_CODE,
  ACCOUNT_NONCE,
  ACCOUNT_WAS_EMPTY,
  SLOT_BELOW,
  SLOT_CELL,
  SLOT_KEY,
} from './layout';
import {
  READ_BALANCE,
  READ_CLEARING,
  READ_CODE,
  READ_EMPTINESS,
  READ_EXISTENCE,
  READ_NONCE,
  READ_SLOT,
  noteRead,
  transaction,
} from './records';
import {
  ANSWER_BLOCKED,
  ANSWER_YES,
  balanceBelow,
  blocker,
  clearingBelow,
  codeBelow,
  codeHashBelow,
  emptinessBelow,
  existenceBelow,
  hasAccountBase,
  newCodeBelow,
  nonceBelow,
  nonceFound,
  slotBelow,
} from './versions';
import { ensureLoaded } from './accounts';
import { addWords, copyWord, isZeroWord, setWord } from './words';

/** Balance, nonce, code (hash and size), existence: the account's field is right afterwards. */
// @ts-ignore: decorator
@inline
export function useBalance(account: usize): void {
  if (!(load<u32>(account, ACCOUNT_FLAGS) & ACCOUNT_HAS_BALANCE)) readBalance(account);
}
// @ts-ignore: decorator
@inline
export function useNonce(account: usize): void {
  if (!(load<u32>(account, ACCOUNT_FLAGS) & ACCOUNT_HAS_NONCE)) readNonce(account);
}
// @ts-ignore: decorator
@inline
export function useCode(account: usize): void {
  if (!(load<u32>(account, ACCOUNT_FLAGS) & ACCOUNT_HAS_CODE)) readCode(account);
}
/** Whether it existed before the transaction: ACCOUNT_BELOW_EXISTS. */
// @ts-ignore: decorator
@inline
export function useExistence(account: usize): void {
  if (!(load<u32>(account, ACCOUNT_FLAGS) & ACCOUNT_HAS_EXISTENCE)) readExistence(account);
}

/** Does the account exist now? */
export function isExisting(account: usize): bool {
  if (hasFlag(account, ACCOUNT_IS_EXISTING)) return true;
  useExistence(account);
  return hasFlag(account, ACCOUNT_IS_EXISTING);
}

// @ts-ignore: decorator
@inline
function addFlags(account: usize, flags: u32): void {
  // Not in the journal: what was read stays read.
  store<u32>(account, load<u32>(account, ACCOUNT_FLAGS) | flags, ACCOUNT_FLAGS);
}

/** Ends the run: a transaction below has to come first. */
function stop(cell: usize): void {
  countAbort(cell);
  hostBlocked(blocker);
  unreachable();
}

function cellOf(account: usize): usize {
  ensureLoaded(account);
  return <usize>load<u32>(account, ACCOUNT_CELL);
}

function readBalance(account: usize): void {
  const cell = cellOf(account);
  const below = account + ACCOUNT_BELOW_BALANCE;
  if (!balanceBelow(cell, transaction, below)) stop(cell);
  copyWord(noteRead(READ_BALANCE, cell), below);
  const flags = load<u32>(account, ACCOUNT_FLAGS);
  copyWord(account + ACCOUNT_BALANCE, below);
  if (flags & ACCOUNT_HAS_DELTA) {
    addWords(account + ACCOUNT_BALANCE, below, account + ACCOUNT_DELTA);
  }
  store<u32>(account, (flags & ~ACCOUNT_HAS_DELTA) | ACCOUNT_HAS_BALANCE, ACCOUNT_FLAGS);
}

function readNonce(account: usize): void {
  const cell = cellOf(account);
  if (!nonceBelow(cell, transaction)) stop(cell);
  store<u64>(account, nonceFound, ACCOUNT_BELOW_NONCE);
  store<u64>(account, nonceFound, ACCOUNT_NONCE);
  setWord(noteRead(READ_NONCE, cell), nonceFound);
  addFlags(account, ACCOUNT_HAS_NONCE);
}

function readCode(account: usize): void {
  const cell = cellOf(account);
  if (!codeBelow(cell, transaction)) stop(cell);
  copyWord(account + ACCOUNT_BELOW_CODE_HASH, codeHashBelow);
  copyWord(account + ACCOUNT_CODE_HASH, codeHashBelow);
  store<u32>(account, newCodeBelow, ACCOUNT_NEW_CODE);
  if (newCodeBelow != 0) store<u32>(account, load<u32>(<usize>newCodeBelow), ACCOUNT_CODE_SIZE);
  else if (hasNoCode(account)) store<u32>(account, 0, ACCOUNT_CODE_SIZE);
  copyWord(noteRead(READ_CODE, cell), account + ACCOUNT_BELOW_CODE_HASH);
  addFlags(account, ACCOUNT_HAS_CODE);
}

function readExistence(account: usize): void {
  const cell = cellOf(account);
  const answer = existenceBelow(cell, transaction, work);
  if (answer == ANSWER_BLOCKED) stop(cell);
  setWord(noteRead(READ_EXISTENCE, cell), u64(answer));
  store<u32>(account, <u32>answer, ACCOUNT_BELOW_EXISTS);
  addFlags(account, ACCOUNT_HAS_EXISTENCE | (answer == ANSWER_YES ? ACCOUNT_IS_EXISTING : 0));
}

/** The storage that a creation would find was cleared in this block. */
export function isCleared(account: usize): bool {
  const cell = cellOf(account);
  const answer = clearingBelow(cell, transaction);
  if (answer == ANSWER_BLOCKED) stop(cell);
  setWord(noteRead(READ_CLEARING, cell), u64(answer));
  return answer == ANSWER_YES;
}

/** Value of a slot below, to SLOT_BELOW. */
export function readSlot(slot: usize, account: usize): void {
  const cell = slotCellOf(slot, account);
  if (!slotBelow(cell, transaction, slot + SLOT_BELOW)) stop(cell);
  copyWord(noteRead(READ_SLOT, cell), slot + SLOT_BELOW);
}

export function slotCellOf(slot: usize, account: usize): usize {
  const known = <usize>load<u32>(slot, SLOT_CELL);
  if (known != 0) return known;
  const cell = findSlotCell(cellOf(account), slot + SLOT_KEY);
  store<u32>(slot, <u32>cell, SLOT_CELL);
  return cell;
}

/** The base value of what will be written must be known: changes are told against it. */
export function ensureBase(account: usize): void {
  hasAccountBase(cellOf(account));
}

// @ts-ignore: decorator
@inline
function isWordSame(a: usize, b: usize): bool {
  return (
    load<u64>(a) == load<u64>(b) &&
    load<u64>(a, 8) == load<u64>(b, 8) &&
    load<u64>(a, 16) == load<u64>(b, 16) &&
    load<u64>(a, 24) == load<u64>(b, 24)
  );
}

/**
 * Is the account empty now, without reading more than that takes? What is known decides where it is
 * not zero. What is not known is as it was below.
 */
export function isEmptyNow(account: usize): bool {
  const flags = load<u32>(account, ACCOUNT_FLAGS);
  let isAsBelow = true;
  if (flags & ACCOUNT_HAS_NONCE) {
    if (load<u64>(account, ACCOUNT_NONCE) != 0) return false;
    if (load<u64>(account, ACCOUNT_BELOW_NONCE) != 0) isAsBelow = false;
  }
  if (flags & ACCOUNT_HAS_CODE) {
    if (!hasNoCode(account)) return false;
    if (!isWordSame(account + ACCOUNT_CODE_HASH, account + ACCOUNT_BELOW_CODE_HASH)) {
      isAsBelow = false;
    }
  }
  if (flags & ACCOUNT_HAS_BALANCE) {
    if (!isZeroWord(account + ACCOUNT_BALANCE)) return false;
    if (!isZeroWord(account + ACCOUNT_BELOW_BALANCE)) isAsBelow = false;
  } else if (flags & ACCOUNT_HAS_DELTA) {
    return false;
  }
  const all = ACCOUNT_HAS_NONCE | ACCOUNT_HAS_CODE | ACCOUNT_HAS_BALANCE;
  if ((flags & all) == all) return true;
  if (!isAsBelow) {
    useNonce(account);
    useCode(account);
    useBalance(account);
    return isEmptyNow(account);
  }
  if (!(flags & ACCOUNT_HAS_EMPTINESS)) readEmptiness(account);
  return hasFlag(account, ACCOUNT_WAS_EMPTY);
}

function readEmptiness(account: usize): void {
  const cell = cellOf(account);
  const answer = emptinessBelow(cell, transaction, work);
  if (answer == ANSWER_BLOCKED) stop(cell);
  setWord(noteRead(READ_EMPTINESS, cell), u64(answer));
  const isEmpty = answer == ANSWER_YES ? ACCOUNT_WAS_EMPTY : 0;
  addFlags(account, ACCOUNT_HAS_EMPTINESS | isEmpty);
}

/**
 * Adds to a balance that nobody reads: as a delta, unless the balance is known already. Only where
 * nothing that follows can be undone, for the journal knows no deltas.
 */
export function creditLazily(account: usize, amount: usize): void {
  ensureLoaded(account);
  const flags = load<u32>(account, ACCOUNT_FLAGS);
  if (!isVersioned || flags & ACCOUNT_HAS_BALANCE || isZeroWord(amount)) {
    addBalance(account, amount);
    return;
  }
  touchAccount(account);
  const delta = account + ACCOUNT_DELTA;
  addWords(delta, delta, amount);
  addFlags(account, ACCOUNT_HAS_DELTA);
}
