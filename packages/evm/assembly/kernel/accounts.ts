// Accounts that the session knows: records in an arena, found by address through an open-addressing
// index. An index entry is u32 record and u32 generation; raising the generation empties the table.
import { storeAddress } from './bytes';
import { BOUND_ACCOUNTS, exceed, hostReadAccount } from './host';
import { noteBalance, noteCode, noteFlags, noteNonce } from './journal';
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
  ACCOUNT_CODE_SIZE,
  ACCOUNT_FLAGS,
  ACCOUNT_HAS_ALL,
  ACCOUNT_IS_EXISTING,
  ACCOUNT_IS_LOADED,
  ACCOUNT_IS_TOUCHED,
  ACCOUNT_IS_WARM,
  ACCOUNT_NEW_CODE,
  ACCOUNT_NONCE,
  ACCOUNT_SLOTS,
  accountIndex,
  accountIndexMask,
  accounts,
  accountsMax,
  hashSeed,
  scratch,
} from './layout';
import { findAccountCell, isVersioned } from './cells';
import { precompiles } from './rules';
import { isEmptyNow, useBalance, useCode, useNonce } from './uses';
import { addWords, isLess, isZeroWord, subtractWords } from './words';

// keccak-256 of nothing, as the four u64 that the 32 bytes make.
export const NO_CODE_0: u64 = 0x3c23f7860146d2c5;
export const NO_CODE_1: u64 = 0xc003c7dcb27d7e92;
export const NO_CODE_2: u64 = 0x3b2782ca53b600e5;
export const NO_CODE_3: u64 = 0x70a4855d04d8fa7b;

export let accountCount: u32 = 0;
let generation: u32 = 0;

export function clearAccounts(): void {
  accountCount = 0;
  generation++;
  // Entries of 2^32 sessions ago would look present.
  if (generation == 0) {
    memory.fill(accountIndex, 0, <usize>(accountIndexMask + 1) * 8);
    generation = 1;
  }
}

/** Room that another instance used may hold entries of any generation. */
export function emptyAccountIndex(): void {
  memory.fill(accountIndex, 0, <usize>(accountIndexMask + 1) * 8);
}

/** Record of the account whose address is the low 20 bytes of a word; made where there is none. */
export function findAccount(word: usize): usize {
  const a0 = load<u64>(word);
  const a1 = load<u64>(word, 8);
  const a2 = load<u32>(word, 16);
  let position = hashAddress(a0, a1, a2) & accountIndexMask;
  while (true) {
    const entry = accountIndex + <usize>position * 8;
    if (load<u32>(entry, 4) != generation) return addAccount(entry, a0, a1, a2);
    const account = <usize>load<u32>(entry);
    if (
      load<u64>(account, ACCOUNT_ADDRESS) == a0 &&
      load<u64>(account, ACCOUNT_ADDRESS + 8) == a1 &&
      load<u32>(account, ACCOUNT_ADDRESS + 16) == a2
    ) {
      return account;
    }
    position = (position + 1) & accountIndexMask;
  }
}

// @ts-ignore: decorator
@inline
function hashAddress(a0: u64, a1: u64, a2: u32): u32 {
  let mixed = (a0 ^ hashSeed) * 0x9e3779b97f4a7c15;
  mixed = (rotl<u64>(mixed, 31) ^ a1) * 0xc2b2ae3d27d4eb4f;
  mixed = (rotl<u64>(mixed, 27) ^ u64(a2)) * 0x165667b19e3779f9;
  return u32(mixed >> 32);
}

function addAccount(entry: usize, a0: u64, a1: u64, a2: u32): usize {
  if (accountCount >= accountsMax) exceed(BOUND_ACCOUNTS);
  const account = accounts + <usize>accountCount * ACCOUNT_BYTES;
  accountCount++;
  store<u32>(entry, <u32>account);
  store<u32>(entry, generation, 4);
  memory.fill(account, 0, ACCOUNT_BYTES);
  store<u64>(account, a0, ACCOUNT_ADDRESS);
  store<u64>(account, a1, ACCOUNT_ADDRESS + 8);
  store<u32>(account, a2, ACCOUNT_ADDRESS + 16);
  store<u32>(account, u32.MAX_VALUE, ACCOUNT_CODE_SIZE);
  // Precompiles are warm from the start (EIP-2929).
  if (precompileId(account) != 0) store<u32>(account, ACCOUNT_IS_WARM, ACCOUNT_FLAGS);
  return account;
}

/** The precompile at this address in this fork, as its number; 0: none. */
export function precompileId(account: usize): u32 {
  if (load<u64>(account, ACCOUNT_ADDRESS + 8) != 0) return 0;
  if (load<u32>(account, ACCOUNT_ADDRESS + 16) != 0) return 0;
  const number = load<u64>(account, ACCOUNT_ADDRESS);
  const bit: u64 = number == 0x100 ? 32 : number;
  if (bit > 32 || (number == 32)) return 0;
  return (precompiles >> i64(bit)) & 1 ? u32(number) : 0;
}

/** Reads the account from the state below, once. */
// @ts-ignore: decorator
@inline
export function ensureLoaded(account: usize): void {
  if (!(load<u32>(account, ACCOUNT_FLAGS) & ACCOUNT_IS_LOADED)) loadBelow(account);
}

function loadBelow(account: usize): void {
  if (isVersioned) {
    // Its parts are read when they are used (uses.ts).
    store<u32>(account, <u32>findAccountCell(account + ACCOUNT_ADDRESS), ACCOUNT_CELL);
    store<u32>(account, load<u32>(account, ACCOUNT_FLAGS) | ACCOUNT_IS_LOADED, ACCOUNT_FLAGS);
    return;
  }
  storeAddress(scratch, account + ACCOUNT_ADDRESS);
  const out = account + ACCOUNT_BELOW_NONCE;
  let flags = load<u32>(account, ACCOUNT_FLAGS) | ACCOUNT_IS_LOADED | ACCOUNT_HAS_ALL;
  const exists = hostReadAccount(scratch, out);
  if (exists) {
    store<u32>(account, 1, ACCOUNT_BELOW_EXISTS);
    flags |= ACCOUNT_IS_EXISTING;
  } else {
    memory.fill(out, 0, 40);
    setNoCode(account + ACCOUNT_BELOW_CODE_HASH);
  }
  store<u64>(account, load<u64>(out), ACCOUNT_NONCE);
  memory.copy(account + ACCOUNT_BALANCE, account + ACCOUNT_BELOW_BALANCE, 64);
  if (hasNoCode(account)) store<u32>(account, 0, ACCOUNT_CODE_SIZE);
  store<u32>(account, flags, ACCOUNT_FLAGS);
}

export function setNoCode(hash: usize): void {
  store<u64>(hash, NO_CODE_0);
  store<u64>(hash, NO_CODE_1, 8);
  store<u64>(hash, NO_CODE_2, 16);
  store<u64>(hash, NO_CODE_3, 24);
}

/** Is it the hash of nothing? */
export function hasNoCodeAt(hash: usize): bool {
  return (
    load<u64>(hash) == NO_CODE_0 &&
    load<u64>(hash, 8) == NO_CODE_1 &&
    load<u64>(hash, 16) == NO_CODE_2 &&
    load<u64>(hash, 24) == NO_CODE_3
  );
}

export function hasNoCode(account: usize): bool {
  return hasNoCodeAt(account + ACCOUNT_CODE_HASH);
}

// @ts-ignore: decorator
@inline
export function hasFlag(account: usize, flag: u32): bool {
  return (load<u32>(account, ACCOUNT_FLAGS) & flag) != 0;
}

export function setFlags(account: usize, flags: u32): void {
  const now = load<u32>(account, ACCOUNT_FLAGS);
  if ((now & flags) == flags) return;
  noteFlags(account);
  store<u32>(account, now | flags, ACCOUNT_FLAGS);
}

/** True when the account was cold; it is warm afterwards. */
// @ts-ignore: decorator
@inline
export function warmAccount(account: usize): bool {
  if (load<u32>(account, ACCOUNT_FLAGS) & ACCOUNT_IS_WARM) return false;
  setFlags(account, ACCOUNT_IS_WARM);
  return true;
}

/** Nonce 0, balance 0, no code (EIP-161); an account that does not exist counts. */
export function isEmptyAccount(account: usize): bool {
  if (isVersioned) return isEmptyNow(account);
  return (
    load<u64>(account, ACCOUNT_NONCE) == 0 &&
    isZeroWord(account + ACCOUNT_BALANCE) &&
    hasNoCode(account)
  );
}

/** The account exists from now on and is looked at by the rule of empty accounts at the end. */
export function touchAccount(account: usize): void {
  setFlags(account, ACCOUNT_IS_EXISTING | ACCOUNT_IS_TOUCHED);
}

export function addBalance(account: usize, amount: usize): void {
  touchAccount(account);
  if (isZeroWord(amount)) return;
  useBalance(account);
  noteBalance(account);
  const balance = account + ACCOUNT_BALANCE;
  addWords(balance, balance, amount);
}

/** The caller has seen that the balance suffices. */
export function subtractBalance(account: usize, amount: usize): void {
  touchAccount(account);
  if (isZeroWord(amount)) return;
  useBalance(account);
  noteBalance(account);
  const balance = account + ACCOUNT_BALANCE;
  subtractWords(balance, balance, amount);
}

export function setBalance(account: usize, balance: usize): void {
  touchAccount(account);
  useBalance(account);
  noteBalance(account);
  memory.copy(account + ACCOUNT_BALANCE, balance, 32);
}

export function canPay(account: usize, amount: usize): bool {
  if (isZeroWord(amount)) return true;
  useBalance(account);
  return !isLess(account + ACCOUNT_BALANCE, amount);
}

export function setNonce(account: usize, nonce: u64): void {
  touchAccount(account);
  useNonce(account);
  noteNonce(account);
  store<u64>(account, nonce, ACCOUNT_NONCE);
}

/** `code` lies in the arena of new code, or is 0 for none. */
export function setCodeReference(account: usize, hash: usize, code: usize, size: u32): void {
  touchAccount(account);
  useCode(account);
  noteCode(account);
  memory.copy(account + ACCOUNT_CODE_HASH, hash, 32);
  store<u32>(account, size, ACCOUNT_CODE_SIZE);
  store<u32>(account, <u32>code, ACCOUNT_NEW_CODE);
}

export function firstSlot(account: usize): usize {
  return <usize>load<u32>(account, ACCOUNT_SLOTS);
}
