// The second tier: frames that run generated code (src/jit/) in place of the interpreter, and what
// that code calls.
//
// For each code hash there is a record in the code cache, under mode DECODE_NATIVE: how much gas
// was spent on the code so far, and where in the table of functions its generated code is entered.
// A record may be dropped as any block; its code then runs in the interpreter until the host
// installs it again. Frames choose by what they run when they are opened and never change to
// generated code later.
import { divideSigned, divideWords, remainderSigned, remainderWords } from './divide';
import { addModulo, multiplyModulo } from './divide';
import { BLOCK_HEAD_BYTES, allocate, findBlock, insertBlock, pin, unpin } from './code';
import { hostHot } from './host';
import { interpret } from './interpret';
import {
  DECODE_NATIVE,
  DECODE_PLAIN,
  FRAME_CODE,
  FRAME_CODE_HASH,
  FRAME_CODE_LENGTH,
  FRAME_GAS,
  FRAME_GAS_START,
  FRAME_IP,
  FRAME_MEMORY_SIZE,
  FRAME_MODE,
  FRAME_NATIVE,
  FRAME_RECORD,
  FRAME_SP,
  FRAME_WORDS_BLOCK,
  HALT_OUT_OF_GAS,
} from './layout';
import {
  growMemory,
  opCallDataCopy,
  opCallDataLoad,
  opCodeCopy,
  opKeccak,
  opLog,
  opMcopy,
  opReturnDataCopy,
  setResult,
} from './memory';
import { power } from './multiply';
import * as rules from './rules';
import { shiftLeft, shiftRight, shiftRightSigned } from './shift';
import {
  opBalance,
  opBlobHash,
  opBlockHash,
  opExtCodeCopy,
  opExtCodeHash,
  opExtCodeSize,
  opSelfBalance,
  opSelfDestruct,
  opSload,
  opSstore,
  opTload,
  opTstore,
} from './state-ops';
import { translate, wordOfPlain } from './translate';
import { byteOf, countLeadingZeros, isZeroWord, setWord, signExtend } from './words';

/** i64: gas spent in the interpreter; negative once the host was told. */
const RECORD_HEAT: usize = BLOCK_HEAD_BYTES;
/** u32: index of the generated code in the table of functions; 0: none. */
const RECORD_ENTRY: usize = BLOCK_HEAD_BYTES + 8;
/** u32: frames that ran the generated code. */
const RECORD_FRAMES: usize = BLOCK_HEAD_BYTES + 12;
/** u32: the run that used it last. */
const RECORD_RUN: usize = BLOCK_HEAD_BYTES + 16;
const RECORD_BYTES: usize = 24;
const IS_TOLD: i64 = i64.MIN_VALUE;

let isTiering: bool = false;
let isEnabled: bool = true;
/** Only this one may run; 0: all. */
let onlyEntry: u32 = 0;
let heatMin: i64 = 0;
let freshFrames: u32 = 0;
let run: u32 = 0;
/** Frames of the present run that ran generated code, and those of them that were early ones. */
let ranFrames: u32 = 0;
let ranFresh: u32 = 0;

/** Turns the second tier on. Code is told to the host once `heat` gas was spent on it. */
export function setTiering(heat: i64, fresh: u32): void {
  isTiering = true;
  heatMin = heat;
  freshFrames = fresh;
}

/** Which generated code may run from now on: none, all, or the one that is entered there. */
export function enableNative(isOn: i32, only: u32): void {
  isEnabled = isOn != 0;
  onlyEntry = only;
  run++;
  ranFrames = 0;
  ranFresh = 0;
}

export function nativeFrames(): u32 {
  return ranFrames;
}
export function freshNativeFrames(): u32 {
  return ranFresh;
}

/** Generated code for a hash from now on; entry 0 takes it away, and no other is asked for. */
export function installNative(hash: usize, entry: u32): void {
  const record = holdRecord(hash);
  store<u32>(record, entry, RECORD_ENTRY);
  store<u32>(record, 0, RECORD_FRAMES);
  store<i64>(record, IS_TOLD, RECORD_HEAT);
  unpin(record);
}

/** The host dropped the generated code to make room: count again. */
export function forgetNative(hash: usize): void {
  const record = holdRecord(hash);
  store<u32>(record, 0, RECORD_ENTRY);
  store<i64>(record, 0, RECORD_HEAT);
  unpin(record);
}

/** The run in which a hash's generated code was used last; 0: never or not known any more. */
export function lastNativeRun(hash: usize): u32 {
  const record = findBlock(hash, DECODE_NATIVE);
  return record == 0 ? 0 : load<u32>(record, RECORD_RUN);
}
export function presentRun(): u32 {
  return run;
}

function holdRecord(hash: usize): usize {
  const found = findBlock(hash, DECODE_NATIVE);
  if (found != 0) {
    pin(found);
    return found;
  }
  const record = allocate(RECORD_BYTES);
  memory.fill(record + BLOCK_HEAD_BYTES, 0, RECORD_BYTES);
  insertBlock(record, hash, DECODE_NATIVE);
  return record;
}

/** Sets a frame up to run generated code; false: there is none, the interpreter has to. */
export function startNative(frame: usize): bool {
  const hash = frame + FRAME_CODE_HASH;
  if (!isTiering || isZeroWord(hash)) return false;
  const record = holdRecord(hash);
  if (load<u32>(record, RECORD_ENTRY) == 0 && load<i64>(record, RECORD_HEAT) >= heatMin) {
    store<i64>(record, IS_TOLD, RECORD_HEAT);
    // May install it at once.
    hostHot(hash, <usize>load<u32>(frame, FRAME_CODE), load<u32>(frame, FRAME_CODE_LENGTH));
  }
  const entry = load<u32>(record, RECORD_ENTRY);
  if (entry == 0 || !isEnabled || (onlyEntry != 0 && entry != onlyEntry)) {
    store<u32>(frame, <u32>record, FRAME_RECORD);
    return false;
  }
  const frames = load<u32>(record, RECORD_FRAMES);
  store<u32>(record, frames + 1, RECORD_FRAMES);
  store<u32>(record, run, RECORD_RUN);
  ranFrames++;
  if (frames < freshFrames) ranFresh++;
  // The record stands where a translation would: the frame lets it go when it closes.
  store<u32>(frame, <u32>record, FRAME_WORDS_BLOCK);
  store<u32>(frame, DECODE_NATIVE, FRAME_MODE);
  store<u32>(frame, entry, FRAME_NATIVE);
  // Which function of the generated code is next: the one of code offset 0.
  store<u32>(frame, 1, FRAME_IP);
  return true;
}

/** A frame that the interpreter ran closes: what it spent counts for its code. */
export function addHeat(frame: usize): void {
  const record = <usize>load<u32>(frame, FRAME_RECORD);
  if (record == 0) return;
  store<u32>(frame, 0, FRAME_RECORD);
  const heat = load<i64>(record, RECORD_HEAT);
  if (heat >= 0 && isEnabled) {
    const spent = load<i64>(frame, FRAME_GAS_START) - load<i64>(frame, FRAME_GAS);
    store<i64>(record, heat + (spent > 0 ? spent : 0), RECORD_HEAT);
  }
  unpin(record);
}

// @ts-ignore: decorator
@inline
export function runFrame(frame: usize): i32 {
  if (load<u32>(frame, FRAME_MODE) != DECODE_NATIVE) return interpret(frame);
  const sp = load<u32>(frame, FRAME_SP);
  return call_indirect<i32>(load<u32>(frame, FRAME_NATIVE), frame, sp, load<i64>(frame, FRAME_GAS));
}

// ---- what generated code calls ----

/** Stack or gas do not suffice for a block at a code offset: the frame goes on opcode by opcode. */
export function nativeLeave(frame: usize, sp: usize, gas: i64, offset: u32): i32 {
  const record = <usize>load<u32>(frame, FRAME_WORDS_BLOCK);
  store<u32>(frame, <u32>sp, FRAME_SP);
  store<i64>(frame, gas, FRAME_GAS);
  translate(frame, DECODE_PLAIN);
  unpin(record);
  store<u32>(frame, <u32>wordOfPlain(frame, offset), FRAME_IP);
  return interpret(frame);
}

/** Makes memory hold `size` bytes at `start`; `upper` is not 0 when the offset is above 64 bits. */
export function nativeTouch(frame: usize, gas: i64, start: u64, upper: u64, size: u64): i64 {
  const end = upper != 0 || start > 1 << 40 ? u64.MAX_VALUE : start + size;
  if (end <= u64(load<u32>(frame, FRAME_MEMORY_SIZE))) return gas;
  return growMemory(frame, gas, end);
}

export function nativeDiv(frame: usize, gas: i64, sp: usize): i64 {
  divideWords(sp - 32, sp, sp - 32);
  return gas;
}
export function nativeSdiv(frame: usize, gas: i64, sp: usize): i64 {
  divideSigned(sp - 32, sp, sp - 32);
  return gas;
}
export function nativeMod(frame: usize, gas: i64, sp: usize): i64 {
  remainderWords(sp - 32, sp, sp - 32);
  return gas;
}
export function nativeSmod(frame: usize, gas: i64, sp: usize): i64 {
  remainderSigned(sp - 32, sp, sp - 32);
  return gas;
}
export function nativeAddmod(frame: usize, gas: i64, sp: usize): i64 {
  addModulo(sp - 64, sp, sp - 32, sp - 64);
  return gas;
}
export function nativeMulmod(frame: usize, gas: i64, sp: usize): i64 {
  multiplyModulo(sp - 64, sp, sp - 32, sp - 64);
  return gas;
}
export function nativeExp(frame: usize, gas: i64, sp: usize): i64 {
  const bits = 256 - countLeadingZeros(sp - 32);
  const left = gas - i64((bits + 7) >> 3) * rules.expByteGas;
  if (left < 0) return -HALT_OUT_OF_GAS;
  power(sp - 32, sp, sp - 32);
  return left;
}
export function nativeSignextend(frame: usize, gas: i64, sp: usize): i64 {
  signExtend(sp - 32, sp);
  return gas;
}
export function nativeByte(frame: usize, gas: i64, sp: usize): i64 {
  setWord(sp - 32, byteOf(sp - 32, sp));
  return gas;
}
export function nativeShl(frame: usize, gas: i64, sp: usize): i64 {
  shiftLeft(sp - 32, sp);
  return gas;
}
export function nativeShr(frame: usize, gas: i64, sp: usize): i64 {
  shiftRight(sp - 32, sp);
  return gas;
}
export function nativeSar(frame: usize, gas: i64, sp: usize): i64 {
  shiftRightSigned(sp - 32, sp);
  return gas;
}
export function nativeClz(frame: usize, gas: i64, sp: usize): i64 {
  setWord(sp, countLeadingZeros(sp));
  return gas;
}
export function nativeKeccak256(frame: usize, gas: i64, sp: usize): i64 {
  return opKeccak(frame, gas, sp);
}
export function nativeBalance(frame: usize, gas: i64, sp: usize): i64 {
  return opBalance(gas, sp);
}
export function nativeCalldataload(frame: usize, gas: i64, sp: usize): i64 {
  opCallDataLoad(frame, sp);
  return gas;
}
export function nativeCalldatacopy(frame: usize, gas: i64, sp: usize): i64 {
  return opCallDataCopy(frame, gas, sp);
}
export function nativeCodecopy(frame: usize, gas: i64, sp: usize): i64 {
  return opCodeCopy(frame, gas, sp);
}
export function nativeExtcodesize(frame: usize, gas: i64, sp: usize): i64 {
  return opExtCodeSize(gas, sp);
}
export function nativeExtcodecopy(frame: usize, gas: i64, sp: usize): i64 {
  return opExtCodeCopy(frame, gas, sp);
}
export function nativeReturndatacopy(frame: usize, gas: i64, sp: usize): i64 {
  return opReturnDataCopy(frame, gas, sp);
}
export function nativeExtcodehash(frame: usize, gas: i64, sp: usize): i64 {
  return opExtCodeHash(gas, sp);
}
export function nativeBlockhash(frame: usize, gas: i64, sp: usize): i64 {
  opBlockHash(sp);
  return gas;
}
/** `sp` is where the balance goes. */
export function nativeSelfbalance(frame: usize, gas: i64, sp: usize): i64 {
  opSelfBalance(frame, sp + 32);
  return gas;
}
export function nativeBlobhash(frame: usize, gas: i64, sp: usize): i64 {
  opBlobHash(sp);
  return gas;
}
export function nativeSload(frame: usize, gas: i64, sp: usize): i64 {
  return opSload(frame, gas, sp);
}
export function nativeSstore(frame: usize, gas: i64, sp: usize, rest: i64): i64 {
  return opSstore(frame, gas, sp, rest);
}
export function nativeTload(frame: usize, gas: i64, sp: usize): i64 {
  opTload(frame, sp);
  return gas;
}
export function nativeTstore(frame: usize, gas: i64, sp: usize): i64 {
  return opTstore(frame, gas, sp);
}
export function nativeMcopy(frame: usize, gas: i64, sp: usize): i64 {
  return opMcopy(frame, gas, sp);
}
export function nativeLog0(frame: usize, gas: i64, sp: usize): i64 {
  return opLog(frame, gas, sp, 0);
}
export function nativeLog1(frame: usize, gas: i64, sp: usize): i64 {
  return opLog(frame, gas, sp, 1);
}
export function nativeLog2(frame: usize, gas: i64, sp: usize): i64 {
  return opLog(frame, gas, sp, 2);
}
export function nativeLog3(frame: usize, gas: i64, sp: usize): i64 {
  return opLog(frame, gas, sp, 3);
}
export function nativeLog4(frame: usize, gas: i64, sp: usize): i64 {
  return opLog(frame, gas, sp, 4);
}
/** RETURN and REVERT. */
export function nativeResult(frame: usize, gas: i64, sp: usize): i64 {
  return setResult(frame, gas, sp);
}
export function nativeSelfdestruct(frame: usize, gas: i64, sp: usize): i64 {
  return opSelfDestruct(frame, gas, sp);
}
