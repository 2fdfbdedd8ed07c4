// EVM memory: one row of bytes per open frame, a child's right behind its parent's (a parent cannot
// grow while a child is open). Functions take the gas left and return what remains, or the negative
// HALT_* that ends the frame.
import { copyPadded, loadBytes32, loadBytesPadded, storeBytes32 } from './bytes';
import { BOUND_LOGS, BOUND_MEMORY, exceed } from './host';
import { keccak256 } from './keccak';
import {
  FRAME_CODE,
  FRAME_CODE_LENGTH,
  FRAME_INPUT,
  FRAME_INPUT_LENGTH,
  FRAME_MEMORY,
  FRAME_MEMORY_SIZE,
  FRAME_RESULT,
  FRAME_RESULT_LENGTH,
  FRAME_SELF,
  FRAME_STATIC,
  HALT_OUT_OF_GAS,
  HALT_RETURN_DATA,
  HALT_STATIC,
  LOG_ACCOUNT,
  LOG_BYTES,
  LOG_DATA_LENGTH,
  LOG_HEAD_BYTES,
  LOG_TOPICS,
  align,
  frameMemoryEnd,
  logs,
  logsEndMax,
  returnBuffer,
  scratch,
} from './layout';
import { clampWord } from './words';

/** Beyond this many bytes memory costs more than 2^53 gas. */
const SIZE_ADDRESSABLE: u64 = 1 << 36;
const GAS_FOR_ADDRESSABLE: i64 = 1 << 53;

/** Output of the call that ended last, as RETURNDATASIZE shows it: it lies in `returnBuffer`. */
export let returnLength: u32 = 0;
export function setReturnLength(length: u32): void {
  returnLength = length;
}

export let logEnd: usize = 0;
export function setLogEnd(at: usize): void {
  logEnd = at;
}
export function clearLogs(): void {
  logEnd = logs;
}

// @ts-ignore: decorator
@inline
function memoryGas(words: u64): i64 {
  return i64(words * 3 + ((words * words) >> 9));
}

/** Makes the memory reach `end`, which lies beyond it. */
export function growMemory(frame: usize, gas: i64, end: u64): i64 {
  if (end > SIZE_ADDRESSABLE) return refuseSize(gas);
  const size = load<u32>(frame, FRAME_MEMORY_SIZE);
  const words = (end + 31) >> 5;
  const left = gas - (memoryGas(words) - memoryGas(u64(size >> 5)));
  if (left < 0) return -HALT_OUT_OF_GAS;
  const memoryStart = <usize>load<u32>(frame, FRAME_MEMORY);
  if (u64(memoryStart) + (words << 5) > u64(frameMemoryEnd)) exceed(BOUND_MEMORY);
  const newSize = u32(words << 5);
  memory.fill(memoryStart + size, 0, newSize - size);
  store<u32>(frame, newSize, FRAME_MEMORY_SIZE);
  return left;
}

function refuseSize(gas: i64): i64 {
  // Whoever brings that much gas could pay: the bound is then ours, not the EVM's.
  if (gas >= GAS_FOR_ADDRESSABLE) exceed(BOUND_MEMORY);
  return -HALT_OUT_OF_GAS;
}

/**
 * Makes memory hold `size` bytes at the offset in the word at `offset`; size 0 asks for nothing.
 */
export function touchMemory(frame: usize, gas: i64, offset: usize, size: u64): i64 {
  if (size == 0) return gas;
  const start = clampWord(offset);
  if (start > SIZE_ADDRESSABLE || size > SIZE_ADDRESSABLE) return refuseSize(gas);
  if (start + size <= u64(load<u32>(frame, FRAME_MEMORY_SIZE))) return gas;
  return growMemory(frame, gas, start + size);
}

// @ts-ignore: decorator
@inline
function wordsOf(size: u64): i64 {
  return i64((size + 31) >> 5);
}

/** Gas for `perWord` on each word and for memory; a size beyond all bounds runs out of gas. */
function touchForCopy(frame: usize, gas: i64, offset: usize, size: u64, perWord: i64): i64 {
  if (size > SIZE_ADDRESSABLE) return refuseSize(gas);
  const left = gas - wordsOf(size) * perWord;
  if (left < 0) return -HALT_OUT_OF_GAS;
  return touchMemory(frame, left, offset, size);
}

// @ts-ignore: decorator
@inline
export function memoryAt(frame: usize, offset: usize): usize {
  return <usize>load<u32>(frame, FRAME_MEMORY) + <usize>load<u32>(offset);
}

/** MLOAD beyond the present size. */
export function loadSlow(frame: usize, gas: i64, sp: usize): i64 {
  const left = touchMemory(frame, gas, sp, 32);
  if (left >= 0) loadBytes32(sp, memoryAt(frame, sp));
  return left;
}

/** MSTORE beyond the present size: offset at `sp`, value below. */
export function storeSlow(frame: usize, gas: i64, sp: usize): i64 {
  const left = touchMemory(frame, gas, sp, 32);
  if (left >= 0) storeBytes32(memoryAt(frame, sp), sp - 32);
  return left;
}

export function opMstore8(frame: usize, gas: i64, sp: usize): i64 {
  const left = touchMemory(frame, gas, sp, 1);
  if (left >= 0) store<u8>(memoryAt(frame, sp), load<u8>(sp - 32));
  return left;
}

export function opCallDataLoad(frame: usize, sp: usize): void {
  const buffer = <usize>load<u32>(frame, FRAME_INPUT);
  loadBytesPadded(sp, buffer, load<u32>(frame, FRAME_INPUT_LENGTH), clampWord(sp));
}

/** CALLDATACOPY and CODECOPY: memory offset, source offset, size. */
export function copyFrom(frame: usize, gas: i64, sp: usize, buffer: usize, length: u32): i64 {
  const size = clampWord(sp - 64);
  const left = touchForCopy(frame, gas, sp, size, 3);
  if (left >= 0 && size > 0) {
    copyPadded(memoryAt(frame, sp), <u32>size, buffer, length, clampWord(sp - 32));
  }
  return left;
}

export function opCallDataCopy(frame: usize, gas: i64, sp: usize): i64 {
  const input = <usize>load<u32>(frame, FRAME_INPUT);
  return copyFrom(frame, gas, sp, input, load<u32>(frame, FRAME_INPUT_LENGTH));
}

export function opCodeCopy(frame: usize, gas: i64, sp: usize): i64 {
  const code = <usize>load<u32>(frame, FRAME_CODE);
  return copyFrom(frame, gas, sp, code, load<u32>(frame, FRAME_CODE_LENGTH));
}

/** Reading past the end of return data fails, also with size 0 (EIP-211). */
export function opReturnDataCopy(frame: usize, gas: i64, sp: usize): i64 {
  const offset = clampWord(sp - 32);
  const size = clampWord(sp - 64);
  const end = offset + size;
  if (end < offset || end > u64(returnLength)) return -HALT_RETURN_DATA;
  return copyFrom(frame, gas, sp, returnBuffer, returnLength);
}

/** MCOPY (EIP-5656): destination, source, size; regions may overlap. */
export function opMcopy(frame: usize, gas: i64, sp: usize): i64 {
  const size = clampWord(sp - 64);
  const left = touchForCopy(frame, gas, sp, size, 3);
  if (left < 0) return left;
  const rest = touchMemory(frame, left, sp - 32, size);
  if (rest >= 0 && size > 0) {
    memory.copy(memoryAt(frame, sp), memoryAt(frame, sp - 32), <usize>size);
  }
  return rest;
}

/** KECCAK256: offset, size; the hash replaces the size. */
export function opKeccak(frame: usize, gas: i64, sp: usize): i64 {
  const size = clampWord(sp - 32);
  const left = touchForCopy(frame, gas, sp, size, 6);
  if (left < 0) return left;
  const input = size == 0 ? scratch : memoryAt(frame, sp);
  keccak256(input, <u32>size, scratch);
  loadBytes32(sp - 32, scratch);
  return left;
}

/** LOG0 to LOG4: offset, size, topics. */
export function opLog(frame: usize, gas: i64, sp: usize, topics: u32): i64 {
  if (load<u32>(frame, FRAME_STATIC)) return -HALT_STATIC;
  const size = clampWord(sp - 32);
  if (size > SIZE_ADDRESSABLE) return refuseSize(gas);
  const paid = gas - i64(size) * 8;
  if (paid < 0) return -HALT_OUT_OF_GAS;
  const left = touchMemory(frame, paid, sp, size);
  if (left < 0) return left;
  const record = logEnd;
  const bytes = align(LOG_HEAD_BYTES + <usize>topics * 32 + <usize>size, 8);
  if (record + bytes > logsEndMax) exceed(BOUND_LOGS);
  logEnd = record + bytes;
  store<u32>(record, load<u32>(frame, FRAME_SELF), LOG_ACCOUNT);
  store<u32>(record, topics, LOG_TOPICS);
  store<u32>(record, <u32>size, LOG_DATA_LENGTH);
  store<u32>(record, <u32>bytes, LOG_BYTES);
  for (let i: usize = 0; i < topics; i++) {
    storeBytes32(record + LOG_HEAD_BYTES + i * 32, sp - 64 - i * 32);
  }
  const data = record + LOG_HEAD_BYTES + <usize>topics * 32;
  if (size > 0) memory.copy(data, memoryAt(frame, sp), <usize>size);
  return left;
}

/** RETURN and REVERT: offset, size. */
export function setResult(frame: usize, gas: i64, sp: usize): i64 {
  const size = clampWord(sp - 32);
  const left = touchMemory(frame, gas, sp, size);
  if (left < 0) return left;
  store<u32>(frame, size == 0 ? 0 : <u32>memoryAt(frame, sp), FRAME_RESULT);
  store<u32>(frame, <u32>size, FRAME_RESULT_LENGTH);
  return left;
}

