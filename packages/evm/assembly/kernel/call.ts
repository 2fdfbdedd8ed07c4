// CALL, CALLCODE, DELEGATECALL, STATICCALL: what they charge, and the frame they open. Stack, from
// the top: gas, address, [value,] input offset, input size, output offset, output size.
import {
  addBalance,
  canPay,
  ensureLoaded,
  findAccount,
  hasFlag,
  isEmptyAccount,
  precompileId,
  setFlags,
  subtractBalance,
  touchAccount,
  warmAccount,
} from './accounts';
import { loadAddress } from './bytes';
import { BLOCK_HEAD_BYTES, codeSizeOf, holdCode, unpin } from './code';
import { closeCall } from './close';
import {
  depth,
  openFrame,
  setInput,
  setParties,
  setValue,
  start,
  useAccountCode,
  useGivenCode,
} from './frames';
import {
  ACCOUNT_IS_EXISTING,
  ACCOUNT_IS_TOUCHED,
  ACTION_CONTINUE,
  DECODE_STEP,
  DEPTH_MAX,
  FRAME_CALLER,
  FRAME_GAS,
  FRAME_OUT,
  FRAME_OUT_LENGTH,
  FRAME_SELF,
  FRAME_SP,
  FRAME_STATIC,
  FRAME_VALUE,
  HALT_BALANCE,
  HALT_DEPTH,
  HALT_NONE,
  HALT_OUT_OF_GAS,
  HALT_STATIC,
  KIND_CALL,
  KIND_CALLCODE,
  KIND_DELEGATECALL,
  KIND_STATICCALL,
  scratch,
} from './layout';
import { isVersioned } from './cells';
import { hostEnter } from './host';
import { mode } from './translate';
import { memoryAt, setReturnLength, touchMemory } from './memory';
import { runPrecompile } from './precompile';
import * as rules from './rules';
import { creditLazily, isExisting } from './uses';
import { clampWord, isZeroWord, setWord } from './words';

/** Word in scratch that nothing below this file uses. */
const DELEGATE_OFFSET: usize = 1024;

/** Code that the next frame runs instead of the callee's; 0: none. */
let givenCode: usize = 0;
let givenLength: u32 = 0;
export function giveCode(code: usize, length: u32): void {
  givenCode = code;
  givenLength = length;
}

/** The account that `account` delegates to, perhaps itself (EIP-7702); 0: it runs its own code. */
export function delegateOf(account: usize): usize {
  if (rules.hasDelegation == 0 || codeSizeOf(account) != 23) return 0;
  const block = holdCode(account);
  const code = block + BLOCK_HEAD_BYTES;
  let found: usize = 0;
  if ((load<u32>(code) & 0xffffff) == 0x0001ef) {
    loadAddress(scratch + DELEGATE_OFFSET, code + 3);
    found = findAccount(scratch + DELEGATE_OFFSET);
  }
  unpin(block);
  return found;
}

/** Carries out the call that `frame` stopped at. Returns ACTION_CONTINUE, or the frame's HALT_*. */
export function beginCall(frame: usize, kind: i32): i32 {
  const sp = <usize>load<u32>(frame, FRAME_SP);
  let gas = load<i64>(frame, FRAME_GAS);
  const hasValue = kind == KIND_CALL || kind == KIND_CALLCODE;
  const value = hasValue ? sp - 64 : 0;
  const ranges = hasValue ? sp - 96 : sp - 64;
  const movesValue = hasValue && !isZeroWord(value);
  if (kind == KIND_CALL && movesValue && load<u32>(frame, FRAME_STATIC)) return HALT_STATIC;

  gas = touchMemory(frame, gas, ranges, clampWord(ranges - 32));
  if (gas < 0) return <i32>-gas;
  gas = touchMemory(frame, gas, ranges - 64, clampWord(ranges - 96));
  if (gas < 0) return <i32>-gas;

  const target = findAccount(sp - 32);
  if (rules.coldAccountExtra != 0 && warmAccount(target)) gas -= rules.coldAccountExtra;
  if (movesValue) gas -= rules.CALL_VALUE_GAS;
  if (gas < 0) return HALT_OUT_OF_GAS;
  ensureLoaded(target);
  if (kind == KIND_CALL && makesAccount(target, movesValue)) gas -= rules.NEW_ACCOUNT_GAS;
  if (gas < 0) return HALT_OUT_OF_GAS;
  const delegate = delegateOf(target);
  if (delegate != 0) {
    gas -= warmAccount(delegate) ? rules.coldAccountGas : rules.warmAccessGas;
    if (gas < 0) return HALT_OUT_OF_GAS;
    ensureLoaded(delegate);
  }

  const wanted = clampWord(sp);
  let given: i64;
  if (rules.hasAllButOne64th != 0) {
    const most = gas - (gas >> 6);
    given = wanted > u64(most) ? most : i64(wanted);
  } else {
    if (wanted > u64(gas)) return HALT_OUT_OF_GAS;
    given = i64(wanted);
  }
  gas -= given;
  if (movesValue) given += rules.CALL_STIPEND;
  store<i64>(frame, gas, FRAME_GAS);
  const input = clampWord(ranges - 32) == 0 ? 0 : memoryAt(frame, ranges);
  const inputLength = <u32>clampWord(ranges - 32);
  const outLength = <u32>clampWord(ranges - 96);
  const out = outLength == 0 ? 0 : memoryAt(frame, ranges - 64);
  store<u32>(frame, <u32>out, FRAME_OUT);
  store<u32>(frame, outLength, FRAME_OUT_LENGTH);
  // The word of the last operand becomes the result.
  store<u32>(frame, <u32>(ranges - 96), FRAME_SP);

  const self = <usize>load<u32>(frame, FRAME_SELF);
  let refusal = HALT_NONE;
  if (depth > DEPTH_MAX) refusal = HALT_DEPTH;
  else if (movesValue && !canPayFrom(self, value)) refusal = HALT_BALANCE;
  if (refusal != HALT_NONE) {
    setWord(ranges - 96, 0);
    store<i64>(frame, gas + given, FRAME_GAS);
    setReturnLength(0);
    return ACTION_CONTINUE;
  }
  const isOwn = kind == KIND_CALLCODE || kind == KIND_DELEGATECALL;
  const codeAccount = delegate == 0 ? target : delegate;
  const caller = kind == KIND_DELEGATECALL ? <usize>load<u32>(frame, FRAME_CALLER) : self;
  const callee = isOwn ? self : target;
  const shown = kind == KIND_DELEGATECALL ? frame + FRAME_VALUE : value;
  openCall(kind, given, caller, callee, target, codeAccount, shown, input, inputLength);
  return ACTION_CONTINUE;
}

function canPayFrom(account: usize, value: usize): bool {
  ensureLoaded(account);
  return canPay(account, value);
}

/** EIP-161: only a value makes an empty account come to life; before, any call to one absent. */
function makesAccount(target: usize, movesValue: bool): bool {
  if (rules.clearsEmptyAccounts != 0) return movesValue && isEmptyAccount(target);
  return !isExisting(target);
}

/**
 * Opens the frame of a message call, moves the value, and either starts its code or runs the
 * precompile at `target` and closes the frame again. `value` is a word's address or 0.
 */
export function openCall(
  kind: i32,
  gas: i64,
  caller: usize,
  callee: usize,
  target: usize,
  codeAccount: usize,
  value: usize,
  input: usize,
  inputLength: u32,
): void {
  const frame = openFrame(kind, gas);
  setParties(frame, callee, caller, codeAccount);
  setInput(frame, input, inputLength);
  setValue(frame, value);
  if (kind == KIND_STATICCALL) store<u32>(frame, 1, FRAME_STATIC);
  if (kind == KIND_CALL) moveValue(caller, callee, frame + FRAME_VALUE);
  else if (kind == KIND_STATICCALL) touchExisting(callee);
  const id = precompileId(target);
  if (id != 0 && givenCode == 0) {
    setReturnLength(0);
    if (mode == DECODE_STEP) hostEnter(frame);
    closeCall(frame, runPrecompile(frame, id));
    return;
  }
  // A delegation to a precompile runs nothing (EIP-7702).
  if (givenCode != 0) useGivenCode(frame, givenCode, givenLength);
  else if (codeAccount != target && precompileId(codeAccount) != 0) useGivenCode(frame, 0, 0);
  else useAccountCode(frame, codeAccount);
  givenCode = 0;
  start(frame);
}

/** Before EIP-161 the callee exists afterwards in any case; after, it is touched if it exists. */
function moveValue(from: usize, to: usize, value: usize): void {
  if (isZeroWord(value)) {
    if (rules.clearsEmptyAccounts != 0) touchExisting(to);
    else touchAccount(to);
    return;
  }
  subtractBalance(from, value);
  // A plain transfer: what the recipient had does not matter to it.
  const isPlain = isVersioned && depth == 1 && codeSizeOf(to) == 0 && precompileId(to) == 0;
  if (isPlain) creditLazily(to, value);
  else addBalance(to, value);
}

function touchExisting(account: usize): void {
  if (hasFlag(account, ACCOUNT_IS_EXISTING)) touchAccount(account);
  // Whether it exists matters at the end only, and only if it is empty (publish.ts).
  else if (isVersioned) setFlags(account, ACCOUNT_IS_TOUCHED);
}
