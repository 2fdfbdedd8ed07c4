// CREATE and CREATE2 (EIP-2, 170, 684, 1014, 3541, 3860, 7610). Stack, from the top: value, offset,
// size, [salt].
import {
  addBalance,
  canPay,
  ensureLoaded,
  findAccount,
  setCodeReference,
  setFlags,
  setNoCode,
  setNonce,
  subtractBalance,
  touchAccount,
  warmAccount,
} from './accounts';
import { loadAddress, storeAddress, storeBytes32 } from './bytes';
import { keepNewCode } from './code';
import { endFrame } from './close';
import { depth, openFrame, setParties, setValue, start, useGivenCode } from './frames';
import { hostEnter, hostHasStorage } from './host';
import { isVersioned } from './cells';
import { isCleared, useExistence, useNonce } from './uses';
import { keccak256 } from './keccak';
import {
  ACCOUNT_ADDRESS,
  ACCOUNT_BELOW_EXISTS,
  ACCOUNT_IS_CREATED,
  ACCOUNT_NONCE,
  ACTION_CONTINUE,
  DECODE_STEP,
  DEPTH_MAX,
  FRAME_GAS,
  FRAME_RESULT,
  FRAME_RESULT_LENGTH,
  FRAME_SELF,
  FRAME_SP,
  FRAME_STATIC,
  FRAME_VALUE,
  HALT_BALANCE,
  HALT_CODE_PREFIX,
  HALT_CODE_SIZE,
  HALT_COLLISION,
  HALT_DEPTH,
  HALT_INIT_CODE_SIZE,
  HALT_NONCE,
  HALT_NONE,
  HALT_OUT_OF_GAS,
  HALT_STATIC,
  KIND_CREATE2,
  scratch,
} from './layout';
import { memoryAt, setReturnLength, touchMemory } from './memory';
import * as rules from './rules';
import { mode } from './translate';
import { isOccupied } from './state-ops';
import { clampWord, isZeroWord, setWord } from './words';

/** Places in scratch: the address made, and the bytes it is hashed from. */
const ADDRESS: usize = 1056;
const PREIMAGE: usize = 1088;
const HASH: usize = 1216;

/**
 * Carries out the creation that `frame` stopped at. Returns ACTION_CONTINUE or the frame's HALT_*.
 */
export function beginCreate(frame: usize, kind: i32): i32 {
  if (load<u32>(frame, FRAME_STATIC)) return HALT_STATIC;
  const sp = <usize>load<u32>(frame, FRAME_SP);
  const size = clampWord(sp - 64);
  let gas = touchMemory(frame, load<i64>(frame, FRAME_GAS), sp - 32, size);
  if (gas < 0) return <i32>-gas;
  if (size > u64(rules.initCodeSizeMax)) return HALT_INIT_CODE_SIZE;
  const words = i64((size + 31) >> 5);
  gas -= words * rules.initCodeWordGas;
  if (kind == KIND_CREATE2) gas -= words * 6;
  if (gas < 0) return HALT_OUT_OF_GAS;
  const given = rules.hasAllButOne64th != 0 ? gas - (gas >> 6) : gas;
  gas -= given;
  const result = sp - (kind == KIND_CREATE2 ? 96 : 64);
  const code = size == 0 ? 0 : memoryAt(frame, sp - 32);
  const self = <usize>load<u32>(frame, FRAME_SELF);
  store<i64>(frame, gas, FRAME_GAS);
  store<u32>(frame, <u32>result, FRAME_SP);
  ensureLoaded(self);
  useNonce(self);
  const nonce = load<u64>(self, ACCOUNT_NONCE);
  let refusal = HALT_NONE;
  if (depth > DEPTH_MAX) refusal = HALT_DEPTH;
  else if (!canPay(self, sp)) refusal = HALT_BALANCE;
  else if (nonce == u64.MAX_VALUE) refusal = HALT_NONCE;
  if (refusal != HALT_NONE) {
    setWord(result, 0);
    store<i64>(frame, gas + given, FRAME_GAS);
    setReturnLength(0);
    return ACTION_CONTINUE;
  }
  if (kind == KIND_CREATE2) addressFromSalt(self, sp - 96, code, <u32>size);
  else addressFromNonce(self, nonce);
  setNonce(self, nonce + 1);
  const account = findAccount(scratch + ADDRESS);
  openCreate(kind, given, self, account, sp, code, <u32>size);
  return ACTION_CONTINUE;
}

/**
 * Opens the frame that runs init code for `account`. Where the address is taken the creation fails
 * at once and all its gas is gone. The value's word may be the one that the result overwrites.
 */
export function openCreate(
  kind: i32,
  gas: i64,
  creator: usize,
  account: usize,
  value: usize,
  code: usize,
  length: u32,
): void {
  // Warm also when the creation fails (EIP-2929).
  if (rules.coldAccountExtra != 0) warmAccount(account);
  ensureLoaded(account);
  const frame = openFrame(kind, gas);
  setParties(frame, account, creator, account);
  setValue(frame, value);
  if (isTaken(account)) {
    if (mode == DECODE_STEP) hostEnter(frame);
    endFrame(frame, HALT_COLLISION);
    return;
  }
  touchAccount(account);
  setFlags(account, ACCOUNT_IS_CREATED);
  if (rules.newContractNonce != 0) setNonce(account, u64(rules.newContractNonce));
  if (!isZeroWord(frame + FRAME_VALUE)) {
    subtractBalance(creator, frame + FRAME_VALUE);
    addBalance(account, frame + FRAME_VALUE);
  }
  useGivenCode(frame, code, length);
  start(frame);
}

/** Nonce, code or storage stand in the way (EIP-684, 7610). */
function isTaken(account: usize): bool {
  if (isOccupied(account)) return true;
  // Only the state below can hold storage without nonce and code, and only for what it knows.
  useExistence(account);
  if (!load<u32>(account, ACCOUNT_BELOW_EXISTS)) return false;
  if (isVersioned && isCleared(account)) return false;
  storeAddress(scratch, account + ACCOUNT_ADDRESS);
  return hostHasStorage(scratch) != 0;
}

/** Init code ended well: keeps what it returned as code. Returns the frame's HALT_*. */
export function finishCreation(frame: usize, halt: i32): i32 {
  const length = load<u32>(frame, FRAME_RESULT_LENGTH);
  const code = <usize>load<u32>(frame, FRAME_RESULT);
  if (i64(length) > rules.codeSizeMax) return HALT_CODE_SIZE;
  if (length == 0) return halt;
  if (rules.refusesCodePrefix != 0 && load<u8>(code) == 0xef) return HALT_CODE_PREFIX;
  const left = load<i64>(frame, FRAME_GAS) - i64(length) * rules.CODE_DEPOSIT_BYTE_GAS;
  if (left < 0) {
    if (rules.failsOnCodeDeposit != 0) return HALT_OUT_OF_GAS;
    // Frontier: the contract exists without code and the gas is kept.
    store<u32>(frame, 0, FRAME_RESULT_LENGTH);
    return halt;
  }
  store<i64>(frame, left, FRAME_GAS);
  setAccountCode(<usize>load<u32>(frame, FRAME_SELF), code, length);
  return halt;
}

/** Sets the code of an account, empty code included. */
export function setAccountCode(account: usize, code: usize, length: u32): void {
  const hash = scratch + HASH;
  if (length == 0) {
    setNoCode(hash);
    setCodeReference(account, hash, 0, 0);
    return;
  }
  keccak256(code, length, hash);
  setCodeReference(account, hash, keepNewCode(code, length), length);
}

/** keccak(rlp([creator, nonce])), the last 20 bytes, as the word at scratch + ADDRESS. */
export function addressFromNonce(creator: usize, nonce: u64): void {
  const at = scratch + PREIMAGE;
  let nonceBytes: u32 = 0;
  if (nonce >= 0x80) nonceBytes = 8 - (u32(clz(nonce)) >> 3);
  store<u8>(at, 0xc0 + 21 + 1 + nonceBytes);
  store<u8>(at, 0x94, 1);
  storeAddress(at + 2, creator + ACCOUNT_ADDRESS);
  if (nonce == 0) store<u8>(at, 0x80, 22);
  else if (nonce < 0x80) store<u8>(at, nonce, 22);
  else {
    store<u8>(at, 0x80 + nonceBytes, 22);
    for (let i: u32 = 0; i < nonceBytes; i++) {
      store<u8>(at + 23 + i, nonce >> u64((nonceBytes - 1 - i) * 8));
    }
  }
  keccak256(at, 23 + nonceBytes, scratch + HASH);
  loadAddress(scratch + ADDRESS, scratch + HASH + 12);
}

/** keccak(0xff, creator, salt, keccak(init code)), the last 20 bytes (EIP-1014). */
function addressFromSalt(creator: usize, salt: usize, code: usize, length: u32): void {
  const at = scratch + PREIMAGE;
  store<u8>(at, 0xff);
  storeAddress(at + 1, creator + ACCOUNT_ADDRESS);
  storeBytes32(at + 21, salt);
  keccak256(code, length, at + 53);
  keccak256(at, 85, scratch + HASH);
  loadAddress(scratch + ADDRESS, scratch + HASH + 12);
}

/** Word with the address that `addressFromNonce` or `addressFromSalt` made. */
export function madeAddress(): usize {
  return scratch + ADDRESS;
}
