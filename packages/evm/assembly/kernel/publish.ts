// The end of an incarnation: what its session changed becomes versions. First all is decided that
// takes reading, and may find that a lower transaction comes first; only then something is written.
// The rules are those of src/kernel/collect.ts for plain sessions.
import { accountCount, isEmptyAccount, setNoCode, touchAccount } from './accounts';
import {
  CELL_BALANCES,
  CELL_CODES,
  CELL_NONCES,
  CELL_VALUES,
  setVersioned,
  takeBytes,
  work,
} from './cells';
import {
  ACCOUNT_ADDRESS,
  ACCOUNT_BALANCE,
  ACCOUNT_BELOW_BALANCE,
  ACCOUNT_BELOW_CODE_HASH,
  ACCOUNT_BELOW_EXISTS,
  ACCOUNT_BELOW_NONCE,
  ACCOUNT_BYTES,
  ACCOUNT_CELL,
  ACCOUNT_CODE_HASH,
  ACCOUNT_DELTA,
  ACCOUNT_FLAGS,
  ACCOUNT_HAS_BALANCE,
  ACCOUNT_HAS_CODE,
  ACCOUNT_HAS_DELTA,
  ACCOUNT_HAS_EXISTENCE,
  ACCOUNT_HAS_NONCE,
  ACCOUNT_IS_CREATED,
  ACCOUNT_IS_DESTROYED,
  ACCOUNT_IS_EXISTING,
  ACCOUNT_IS_LOADED,
  ACCOUNT_IS_TOUCHED,
  ACCOUNT_NEW_CODE,
  ACCOUNT_NONCE,
  ACCOUNT_OUTCOME,
  ACCOUNT_SLOTS,
  LOG_ACCOUNT,
  LOG_BYTES,
  SLOT_BELOW,
  SLOT_NEXT,
  SLOT_VALUE,
  accounts,
  logs,
} from './layout';
import { logEnd } from './memory';
import {
  RAN_FAILED,
  RAN_REFUSED,
  RAN_WELL,
  RECORD_BLOB_GAS,
  RECORD_CREATED,
  RECORD_ERROR,
  RECORD_GAS_PRICE,
  RECORD_GAS_USED,
  RECORD_HAS_CREATED,
  RECORD_LOGS,
  RECORD_LOG_BYTES,
  RECORD_MESSAGE,
  RECORD_MESSAGE_LENGTH,
  closeRow,
  isWider,
  writeVersion,
} from './records';
import * as rules from './rules';
import { ensureBase, slotCellOf, useExistence } from './uses';
import { ENTRY_IS_CLEARED, ENTRY_IS_DELTA, ENTRY_IS_EXISTING } from './entries';
import { copyWord, equalWords, setWord } from './words';

/** The account is as it was, or is changed, or does not exist any more. */
const OUTCOME_SAME: u32 = 0;
const OUTCOME_CHANGED: u32 = 1;
const OUTCOME_GONE: u32 = 2;

/** Log records in the block's room have their address at these places: 16 bytes and 4. */
const LOG_ADDRESS_LOW: usize = 16;

/**
 * Publishes what the transaction changed and its result. `created` is a record or 0, `gasPrice` the
 * address of a word. Returns 1 when it wrote where the incarnation before wrote nothing.
 */
export function publish(
  isWell: i32,
  gasUsed: i64,
  blobGas: i64,
  gasPrice: usize,
  created: usize,
): i32 {
  const end = accounts + <usize>accountCount * ACCOUNT_BYTES;
  for (let account = accounts; account < end; account += ACCOUNT_BYTES) decide(account);
  const logBytes = logEnd - logs;
  const keptLogs = keepLogs(logBytes);
  for (let account = accounts; account < end; account += ACCOUNT_BYTES) {
    const outcome = load<u32>(account, ACCOUNT_OUTCOME);
    if (outcome == OUTCOME_CHANGED) writeAccount(account);
    else if (outcome == OUTCOME_GONE) writeGone(account);
  }
  const record = closeRow(isWell ? RAN_WELL : RAN_FAILED);
  store<u32>(record, <u32>keptLogs, RECORD_LOGS);
  store<u32>(record, <u32>logBytes, RECORD_LOG_BYTES);
  store<i64>(record, gasUsed, RECORD_GAS_USED);
  store<i64>(record, blobGas, RECORD_BLOB_GAS);
  copyWord(record + RECORD_GAS_PRICE, gasPrice);
  store<u32>(record, u32(created != 0), RECORD_HAS_CREATED);
  if (created != 0) copyWord(record + RECORD_CREATED, created + ACCOUNT_ADDRESS);
  setVersioned(false);
  return i32(isWider);
}

/** The transaction cannot be included: it reads, and writes nothing. */
export function publishRefusal(error: u32, message: usize, length: u32): i32 {
  const kept = takeBytes(length);
  memory.copy(kept, message, length);
  const record = closeRow(RAN_REFUSED);
  store<u32>(record, error, RECORD_ERROR);
  store<u32>(record, <u32>kept, RECORD_MESSAGE);
  store<u32>(record, length, RECORD_MESSAGE_LENGTH);
  setVersioned(false);
  return i32(isWider);
}

/** Destroyed, or empty and touched where empty accounts are cleared (EIP-161), or changed. */
function decide(account: usize): void {
  const flags = load<u32>(account, ACCOUNT_FLAGS);
  const isTouched = (flags & ACCOUNT_IS_TOUCHED) != 0;
  let outcome = OUTCOME_SAME;
  const isLoaded = (flags & ACCOUNT_IS_LOADED) != 0;
  if (isTouched || (isLoaded && load<u32>(account, ACCOUNT_SLOTS) != 0)) {
    outcome = OUTCOME_CHANGED;
    const isGone =
      (flags & ACCOUNT_IS_DESTROYED) != 0 ||
      (isTouched && rules.clearsEmptyAccounts != 0 && isEmptyAccount(account));
    if (isGone) {
      useExistence(account);
      outcome = load<u32>(account, ACCOUNT_BELOW_EXISTS) ? OUTCOME_GONE : OUTCOME_SAME;
    } else if (flags & ACCOUNT_IS_EXISTING && rules.clearsEmptyAccounts == 0) {
      // Being touched made it exist.
      useExistence(account);
    }
    ensureBase(account);
  }
  store<u32>(account, outcome, ACCOUNT_OUTCOME);
}

function writeGone(account: usize): void {
  const cell = <usize>load<u32>(account, ACCOUNT_CELL);
  setWord(work, 0);
  writeVersion(cell, CELL_BALANCES, 0, work, 0);
  writeVersion(cell, CELL_NONCES, 0, work, 0);
  setNoCode(work);
  writeVersion(cell, CELL_CODES, ENTRY_IS_CLEARED, work, 0);
}

function writeAccount(account: usize): void {
  const cell = <usize>load<u32>(account, ACCOUNT_CELL);
  const flags = load<u32>(account, ACCOUNT_FLAGS);
  const balance = account + ACCOUNT_BALANCE;
  if (flags & ACCOUNT_HAS_DELTA) {
    writeVersion(cell, CELL_BALANCES, ENTRY_IS_DELTA, account + ACCOUNT_DELTA, 0);
  } else if (flags & ACCOUNT_HAS_BALANCE && !equalWords(balance, account + ACCOUNT_BELOW_BALANCE)) {
    writeVersion(cell, CELL_BALANCES, 0, balance, 0);
  }
  const nonce = load<u64>(account, ACCOUNT_NONCE);
  if (flags & ACCOUNT_HAS_NONCE && nonce != load<u64>(account, ACCOUNT_BELOW_NONCE)) {
    setWord(work, nonce);
    writeVersion(cell, CELL_NONCES, 0, work, 0);
  }
  writeCode(account, cell, flags);
  writeSlots(account);
}

function writeCode(account: usize, cell: usize, flags: u32): void {
  const hash = account + ACCOUNT_CODE_HASH;
  const isCreated = (flags & ACCOUNT_IS_CREATED) != 0;
  const isKnown = (flags & ACCOUNT_HAS_CODE) != 0;
  if (isCreated || (isKnown && !equalWords(hash, account + ACCOUNT_BELOW_CODE_HASH))) {
    const cleared = isCreated ? ENTRY_IS_CLEARED : 0;
    writeVersion(cell, CELL_CODES, ENTRY_IS_EXISTING | cleared, hash, keepCode(account));
    return;
  }
  // Before EIP-161 an account exists once it was touched, whatever it holds.
  const isNew =
    rules.clearsEmptyAccounts == 0 &&
    (flags & ACCOUNT_IS_EXISTING) != 0 &&
    (flags & ACCOUNT_HAS_EXISTENCE) != 0 &&
    load<u32>(account, ACCOUNT_BELOW_EXISTS) == 0;
  if (!isNew) return;
  setNoCode(work);
  writeVersion(cell, CELL_CODES, ENTRY_IS_EXISTING, work, 0);
}

function keepCode(account: usize): usize {
  const code = <usize>load<u32>(account, ACCOUNT_NEW_CODE);
  if (code == 0) return 0;
  const bytes = load<u32>(code) + 4;
  const kept = takeBytes(bytes);
  memory.copy(kept, code, bytes);
  return kept;
}

function writeSlots(account: usize): void {
  let slot = <usize>load<u32>(account, ACCOUNT_SLOTS);
  while (slot != 0) {
    if (!equalWords(slot + SLOT_VALUE, slot + SLOT_BELOW)) {
      writeVersion(slotCellOf(slot, account), CELL_VALUES, 0, slot + SLOT_VALUE, 0);
    }
    slot = <usize>load<u32>(slot, SLOT_NEXT);
  }
}

/** Copies the logs to the block's room; they name their account by its address there. */
function keepLogs(bytes: usize): usize {
  if (bytes == 0) return 0;
  const kept = takeBytes(<u32>bytes);
  memory.copy(kept, logs, bytes);
  for (let log = kept; log < kept + bytes; log += <usize>load<u32>(log, LOG_BYTES)) {
    const address = <usize>load<u32>(log, LOG_ACCOUNT) + ACCOUNT_ADDRESS;
    store<u64>(log, load<u64>(address), LOG_ADDRESS_LOW);
    store<u64>(log, load<u64>(address, 8), LOG_ADDRESS_LOW + 8);
    store<u32>(log, load<u32>(address, 16), LOG_ACCOUNT);
  }
  return kept;
}
