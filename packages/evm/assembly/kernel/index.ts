// What the host sees of the kernel (src/kernel/). Addresses are of linear memory; an account is the
// address of its record, a word the address of 32 bytes as on the stack.
import * as A from './accounts';
import { addressFromNonce, madeAddress, setAccountCode } from './create';
import {
  BLOCK_HEAD_BYTES,
  clearCode,
  codeSizeOf,
  evictions,
  holdCode,
  newCodeEnd,
  startCodeEpoch,
  unpin,
} from './code';
import { setDivisionScratch } from './divide';
import { clearJournal, journalEnd, revertTo } from './journal';
import { keccak256, setKeccakScratch } from './keccak';
import * as L from './layout';
import { clearLogs, logEnd, returnLength, setLogEnd } from './memory';
import { setPowerScratch } from './multiply';
import { outcomeGas } from './close';
import { clearSlots, emptySlotIndex, findSlot, slotCount, warmSlot } from './slots';
import { refund, setRefund } from './state-ops';
import { setMode } from './translate';
import { setVersioned } from './cells';
import { startIncarnation } from './records';
import { creditLazily, isExisting, useBalance, useCode, useExistence, useNonce } from './uses';
import { isLess } from './words';

export { runCall, runCreate } from './drive';
export { completeOpcodes } from './decode';
export { setRule } from './rules';
export {
  attach,
  findAccountCell,
  findSlotCell,
  knownAccountCell,
  knownSlotCell,
} from './cells';
export { isStillValid, markWrites } from './records';
export { publish, publishRefusal } from './publish';
export {
  openBlock,
  clearCells,
  gatherCells,
  accountAfter,
  slotAfter,
  workAt,
  commitBlock,
  setAccountBase,
  clearStorageBase,
  setSlotBase,
} from './coordinate';
// What generated code (src/jit/) and whoever installs it call.
export {
  setTiering,
  enableNative,
  nativeFrames,
  freshNativeFrames,
  installNative,
  forgetNative,
  lastNativeRun,
  presentRun,
  nativeLeave,
  nativeTouch,
  nativeDiv,
  nativeSdiv,
  nativeMod,
  nativeSmod,
  nativeAddmod,
  nativeMulmod,
  nativeExp,
  nativeSignextend,
  nativeByte,
  nativeShl,
  nativeShr,
  nativeSar,
  nativeClz,
  nativeKeccak256,
  nativeBalance,
  nativeCalldataload,
  nativeCalldatacopy,
  nativeCodecopy,
  nativeExtcodesize,
  nativeExtcodecopy,
  nativeReturndatacopy,
  nativeExtcodehash,
  nativeBlockhash,
  nativeSelfbalance,
  nativeBlobhash,
  nativeSload,
  nativeSstore,
  nativeTload,
  nativeTstore,
  nativeMcopy,
  nativeLog0,
  nativeLog1,
  nativeLog2,
  nativeLog3,
  nativeLog4,
  nativeResult,
  nativeSelfdestruct,
} from './native';

/** Lays out the regions from `base` and forgets everything; returns the end of the last region. */
export function initialize(
  base: usize,
  frameMemoryBytes: u32,
  codeBytes: u32,
  accounts: u32,
  slots: u32,
  logBytes: u32,
  journalBytes: u32,
  newCodeBytes: u32,
  returnBytes: u32,
  seed: u64,
): usize {
  return L.initialize(
    base,
    frameMemoryBytes,
    codeBytes,
    accounts,
    slots,
    logBytes,
    journalBytes,
    newCodeBytes,
    returnBytes,
    seed,
  );
}

/** After the host made sure that memory reaches the end. */
export function prepare(): void {
  setDivisionScratch(L.scratch + 3072);
  setPowerScratch(L.scratch + 3584);
  setKeccakScratch(L.scratch + 1536);
  clearCode();
}

/** After `prepare`, in room that an instance before may have used: its accounts are not ours. */
export function forgetTables(): void {
  A.emptyAccountIndex();
  emptySlotIndex();
}

/** A new session: nothing known of the state, journal and logs empty. Code stays cached. */
export function reset(): void {
  startCodeEpoch();
  clearJournal();
  clearLogs();
  A.clearAccounts();
  clearSlots();
  setRefund(0);
  setVersioned(false);
}

/** A new session for an incarnation of a transaction of the block. */
export function resetVersioned(index: u32, incarnation: u32): void {
  reset();
  startIncarnation(index, incarnation);
}

export function setTracing(isTracing: i32): void {
  setMode(isTracing ? L.DECODE_STEP : L.DECODE_FUSED);
}

// ---- regions ----
export function environmentAt(): usize {
  return L.environment;
}
export function hostScratchAt(): usize {
  return L.hostScratch;
}
export function opcodeTableAt(): usize {
  return L.opcodeTable;
}
export function frameMemoryAt(): usize {
  return L.frameMemory;
}
export function accountsAt(): usize {
  return L.accounts;
}
export function slotsAt(): usize {
  return L.slots;
}
export function logsAt(): usize {
  return L.logs;
}
export function newCodeAt(): usize {
  return L.newCodeStart;
}
export function newCodeUsedEnd(): usize {
  return newCodeEnd;
}
export function returnBufferAt(): usize {
  return L.returnBuffer;
}
export function framesAt(): usize {
  return L.frames;
}

// ---- outcome ----
export function accountCount(): u32 {
  return A.accountCount;
}
export function slotsCount(): u32 {
  return slotCount;
}
export function logsEnd(): usize {
  return logEnd;
}
export function outputLength(): u32 {
  return returnLength;
}
export function gasLeft(): i64 {
  return outcomeGas;
}
export function refundCounter(): i64 {
  return refund;
}
export function codeEvictions(): u32 {
  return evictions;
}

// ---- journal ----
export function journalPosition(): usize {
  return journalEnd;
}
export function revert(journal: usize, log: usize, refunds: i64): void {
  revertTo(journal);
  setLogEnd(log);
  setRefund(refunds);
}
export function addRefund(gas: i64): void {
  setRefund(refund + gas);
}

// ---- accounts ----
/** Record of the address in the low 20 bytes of a word, not read yet. */
export function accountOf(word: usize): usize {
  return A.findAccount(word);
}
export function loadAccount(account: usize): void {
  A.ensureLoaded(account);
  useBalance(account);
  useNonce(account);
  useCode(account);
  useExistence(account);
}
/** One part of an account, which is right in its record afterwards. */
export function loadBalance(account: usize): void {
  A.ensureLoaded(account);
  useBalance(account);
}
export function loadNonce(account: usize): u64 {
  A.ensureLoaded(account);
  useNonce(account);
  return load<u64>(account, L.ACCOUNT_NONCE);
}
export function existsNow(account: usize): i32 {
  A.ensureLoaded(account);
  return i32(isExisting(account));
}
/** Adds to a balance that may stay unknown; nothing may be undone afterwards. */
export function credit(account: usize, amount: usize): void {
  creditLazily(account, amount);
}
export function setBalance(account: usize, balance: usize): void {
  A.ensureLoaded(account);
  A.setBalance(account, balance);
}
export function addBalance(account: usize, amount: usize): void {
  A.ensureLoaded(account);
  A.addBalance(account, amount);
}
export function setNonce(account: usize, nonce: u64): void {
  A.ensureLoaded(account);
  A.setNonce(account, nonce);
}
/**
 * Takes what a transaction pays in advance and raises the nonce, all in one step. `least` is a word
 * that the balance must reach, `amount` one that is taken of it. Returns 0 and has changed nothing
 * where nonce or balance are not so or the account has code: which it is, the host finds out.
 */
export function charge(account: usize, nonce: u64, least: usize, amount: usize): i32 {
  A.ensureLoaded(account);
  useNonce(account);
  if (load<u64>(account, L.ACCOUNT_NONCE) != nonce) return 0;
  useBalance(account);
  if (isLess(account + L.ACCOUNT_BALANCE, least)) return 0;
  if (codeSizeOf(account) != 0) return 0;
  A.subtractBalance(account, amount);
  A.setNonce(account, nonce + 1);
  return 1;
}
export function setCode(account: usize, code: usize, length: u32): void {
  A.ensureLoaded(account);
  setAccountCode(account, code, length);
}
export function codeSize(account: usize): u32 {
  A.ensureLoaded(account);
  return codeSizeOf(account);
}
/** Bytes of an account's code, of `codeSize` bytes and not empty; valid until the next call. */
export function codeAt(account: usize): usize {
  const block = holdCode(account);
  unpin(block);
  return block + BLOCK_HEAD_BYTES;
}
export function warm(account: usize): void {
  A.warmAccount(account);
}
export function warmKey(account: usize, key: usize): void {
  warmSlot(findSlot(account, key));
}
/** Record of the contract that `creator` makes with `nonce`. */
export function createdAccount(creator: usize, nonce: u64): usize {
  addressFromNonce(creator, nonce);
  return A.findAccount(madeAddress());
}
export function hash(input: usize, length: u32, output: usize): void {
  keccak256(input, length, output);
}
