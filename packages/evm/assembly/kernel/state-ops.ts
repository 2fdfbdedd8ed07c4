// Opcodes that look at or change state. As in memory.ts: gas in, gas left or a negative HALT_* out.
// Static gas, warm prices included, was charged with the block; `cold` figures come from the fork.
import {
  addBalance,
  ensureLoaded,
  findAccount,
  hasFlag,
  isEmptyAccount,
  setBalance,
  setFlags,
  warmAccount,
} from './accounts';
import { copyPadded, loadBytes32 } from './bytes';
import { BLOCK_HEAD_BYTES, BLOCK_LENGTH, codeSizeOf, holdCode, unpin } from './code';
import { hostBlockHash, hostSelfDestruct } from './host';
import {
  ACCOUNT_BALANCE,
  ACCOUNT_CODE_HASH,
  ACCOUNT_IS_CREATED,
  ACCOUNT_IS_DESTROYED,
  ACCOUNT_NONCE,
  DECODE_STEP,
  ENV_BLOBS,
  ENV_BLOB_COUNT,
  ENV_NUMBER,
  FRAME_MODE,
  FRAME_SELF,
  FRAME_STATIC,
  HALT_OUT_OF_GAS,
  HALT_STATIC,
  SLOT_BELOW,
  SLOT_VALUE,
  environment,
  scratch,
} from './layout';
import { memoryAt, touchMemory } from './memory';
import * as rules from './rules';
import {
  ensureSlotLoaded,
  findSlot,
  findTransient,
  setSlot,
  warmSlot,
} from './slots';
import { isExisting, useBalance, useCode, useNonce } from './uses';
import { clampWord, copyWord, equalWords, isSmall, isZeroWord, setWord } from './words';

/** Refund counter (EIP-3529 and before); a frame that fails gets back the one it began with. */
export let refund: i64 = 0;
export function setRefund(value: i64): void {
  refund = value;
}

// @ts-ignore: decorator
@inline
function selfOf(frame: usize): usize {
  return <usize>load<u32>(frame, FRAME_SELF);
}

export function opSload(frame: usize, gas: i64, sp: usize): i64 {
  const slot = findSlot(selfOf(frame), sp);
  let left = gas;
  if (rules.coldSlotExtra != 0 && warmSlot(slot)) {
    left -= rules.coldSlotExtra;
    if (left < 0) return -HALT_OUT_OF_GAS;
  }
  ensureSlotLoaded(slot);
  copyWord(sp, slot + SLOT_VALUE);
  return left;
}

/** `rest` is gas charged already for what follows in the block. */
export function opSstore(frame: usize, gas: i64, sp: usize, rest: i64): i64 {
  if (load<u32>(frame, FRAME_STATIC)) return -HALT_STATIC;
  // EIP-2200: with no more than the stipend nothing is stored.
  if (rules.storageSentry != 0 && gas + rest <= rules.storageSentry) return -HALT_OUT_OF_GAS;
  const slot = findSlot(selfOf(frame), sp);
  let left = gas;
  if (rules.coldSlotGas != 0 && warmSlot(slot)) left -= rules.coldSlotGas;
  ensureSlotLoaded(slot);
  left -= rules.isNetStorage != 0 ? netCost(slot, sp - 32) : legacyCost(slot, sp - 32);
  if (left < 0) return -HALT_OUT_OF_GAS;
  if (!equalWords(slot + SLOT_VALUE, sp - 32)) setSlot(slot, sp - 32);
  return left;
}

function legacyCost(slot: usize, value: usize): i64 {
  const wasZero = isZeroWord(slot + SLOT_VALUE);
  const becomesZero = isZeroWord(value);
  if (wasZero && !becomesZero) return rules.storageSet;
  if (!wasZero && becomesZero) refund += rules.storageClearRefund;
  return rules.storageReset;
}

/** EIP-1283, with the figures of EIP-2200, 2929 and 3529 in the rules. */
function netCost(slot: usize, value: usize): i64 {
  const now = slot + SLOT_VALUE;
  const below = slot + SLOT_BELOW;
  if (equalWords(now, value)) return rules.storageDirty;
  const wasZeroBelow = isZeroWord(below);
  const becomesZero = isZeroWord(value);
  if (equalWords(below, now)) {
    if (wasZeroBelow) return rules.storageSet;
    if (becomesZero) refund += rules.storageClearRefund;
    return rules.storageReset;
  }
  if (!wasZeroBelow) {
    if (isZeroWord(now)) refund -= rules.storageClearRefund;
    else if (becomesZero) refund += rules.storageClearRefund;
  }
  if (equalWords(below, value)) {
    refund += (wasZeroBelow ? rules.storageSet : rules.storageReset) - rules.storageDirty;
  }
  return rules.storageDirty;
}

export function opTload(frame: usize, sp: usize): void {
  copyWord(sp, findTransient(selfOf(frame), sp) + SLOT_VALUE);
}

export function opTstore(frame: usize, gas: i64, sp: usize): i64 {
  if (load<u32>(frame, FRAME_STATIC)) return -HALT_STATIC;
  setSlot(findTransient(selfOf(frame), sp), sp - 32);
  return gas;
}

/** Charges for a first access; the account is read afterwards. */
// @ts-ignore: decorator
@inline
function chargeAccess(account: usize, gas: i64): i64 {
  let left = gas;
  if (rules.coldAccountExtra != 0 && warmAccount(account)) left -= rules.coldAccountExtra;
  if (left < 0) return -HALT_OUT_OF_GAS;
  ensureLoaded(account);
  return left;
}

export function opBalance(gas: i64, sp: usize): i64 {
  const account = findAccount(sp);
  const left = chargeAccess(account, gas);
  if (left < 0) return left;
  useBalance(account);
  copyWord(sp, account + ACCOUNT_BALANCE);
  return left;
}

export function opSelfBalance(frame: usize, sp: usize): void {
  const account = selfOf(frame);
  ensureLoaded(account);
  useBalance(account);
  copyWord(sp, account + ACCOUNT_BALANCE);
}

export function opExtCodeSize(gas: i64, sp: usize): i64 {
  const account = findAccount(sp);
  const left = chargeAccess(account, gas);
  if (left >= 0) setWord(sp, codeSizeOf(account));
  return left;
}

export function opExtCodeHash(gas: i64, sp: usize): i64 {
  const account = findAccount(sp);
  const left = chargeAccess(account, gas);
  if (left < 0) return left;
  // Without EIP-161 an empty account can exist, and its hash is that of nothing (EIP-1052).
  useCode(account);
  if (isEmptyAccount(account)) setWord(sp, 0);
  else loadBytes32(sp, account + ACCOUNT_CODE_HASH);
  return left;
}

/** EXTCODECOPY: address, memory offset, code offset, size. */
export function opExtCodeCopy(frame: usize, gas: i64, sp: usize): i64 {
  const size = clampWord(sp - 96);
  if (size > 1 << 36) return touchMemory(frame, gas, sp - 32, size);
  const paid = gas - i64((size + 31) >> 5) * 3;
  if (paid < 0) return -HALT_OUT_OF_GAS;
  const touched = touchMemory(frame, paid, sp - 32, size);
  if (touched < 0) return touched;
  const account = findAccount(sp);
  const left = chargeAccess(account, touched);
  if (left < 0 || size == 0) return left;
  const to = memoryAt(frame, sp - 32);
  if (codeSizeOf(account) == 0) {
    memory.fill(to, 0, <usize>size);
    return left;
  }
  const block = holdCode(account);
  const length = load<u32>(block, BLOCK_LENGTH);
  copyPadded(to, <u32>size, block + BLOCK_HEAD_BYTES, length, clampWord(sp - 64));
  unpin(block);
  return left;
}

/** BLOCKHASH: the 256 blocks before this one. */
export function opBlockHash(sp: usize): void {
  const number = environment + ENV_NUMBER;
  const wanted = load<u64>(sp);
  const current = load<u64>(number);
  if (!isSmall(sp) || !isSmall(number) || wanted >= current || current - wanted > 256) {
    setWord(sp, 0);
    return;
  }
  hostBlockHash(wanted, scratch);
  loadBytes32(sp, scratch);
}

export function opBlobHash(sp: usize): void {
  const index = clampWord(sp);
  if (index >= u64(load<u32>(environment, ENV_BLOB_COUNT))) setWord(sp, 0);
  else copyWord(sp, environment + ENV_BLOBS + <usize>index * 32);
}

/** SELFDESTRUCT by fork (EIP-150, 161, 2929, 3529, 6780). */
export function opSelfDestruct(frame: usize, gas: i64, sp: usize): i64 {
  if (load<u32>(frame, FRAME_STATIC)) return -HALT_STATIC;
  const self = selfOf(frame);
  const beneficiary = findAccount(sp);
  let left = gas;
  if (rules.coldAccountGas != 0 && warmAccount(beneficiary)) left -= rules.coldAccountGas;
  if (left < 0) return -HALT_OUT_OF_GAS;
  ensureLoaded(beneficiary);
  ensureLoaded(self);
  useBalance(self);
  const balance = self + ACCOUNT_BALANCE;
  const makesAccount =
    rules.clearsEmptyAccounts != 0
      ? !isZeroWord(balance) && isEmptyAccount(beneficiary)
      : !isExisting(beneficiary);
  if (makesAccount) left -= rules.selfDestructNewAccountGas;
  if (left < 0) return -HALT_OUT_OF_GAS;
  if (load<u32>(frame, FRAME_MODE) == DECODE_STEP) hostSelfDestruct(frame, beneficiary, balance);
  const destroys =
    rules.selfDestructOnlyNew == 0 || hasFlag(self, ACCOUNT_IS_CREATED);
  if (destroys && !hasFlag(self, ACCOUNT_IS_DESTROYED)) refund += rules.selfDestructRefund;
  if (self != beneficiary) addBalance(beneficiary, balance);
  else addBalance(self, scratchZero());
  if (self != beneficiary || destroys) setBalance(self, scratchZero());
  if (destroys) setFlags(self, ACCOUNT_IS_DESTROYED);
  return left;
}

function scratchZero(): usize {
  setWord(scratch, 0);
  return scratch;
}

/** Nonce or code stand in the way of a creation (EIP-684). */
export function isOccupied(account: usize): bool {
  useNonce(account);
  return load<u64>(account, ACCOUNT_NONCE) != 0 || codeSizeOf(account) != 0;
}
