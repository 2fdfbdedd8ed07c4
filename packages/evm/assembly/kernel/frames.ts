// Opening and closing frames. Depth d has frame number d; the stack, memory and journal of a child
// begin where its parent's end, so that a depth of 1,024 uses nothing of the native stack.
import { BLOCK_HEAD_BYTES, BLOCK_LENGTH, codeSizeOf, holdCode, unpin } from './code';
import { hostEnter } from './host';
import { journalEnd } from './journal';
import {
  ACCOUNT_CODE_HASH,
  DECODE_FUSED,
  DECODE_STEP,
  FRAME_BYTES,
  FRAME_CALLER,
  FRAME_CODE,
  FRAME_CODE_ACCOUNT,
  FRAME_CODE_BLOCK,
  FRAME_CODE_HASH,
  FRAME_CODE_LENGTH,
  FRAME_DEPTH,
  FRAME_GAS,
  FRAME_GAS_START,
  FRAME_INPUT,
  FRAME_INPUT_LENGTH,
  FRAME_JOURNAL_START,
  FRAME_KIND,
  FRAME_LOG_START,
  FRAME_MEMORY,
  FRAME_MEMORY_SIZE,
  FRAME_REFUND_START,
  FRAME_RECORD,
  FRAME_RESULT,
  FRAME_RESULT_LENGTH,
  FRAME_SELF,
  FRAME_SP,
  FRAME_STACK_EMPTY,
  FRAME_STATIC,
  FRAME_VALUE,
  FRAME_WORDS_BLOCK,
  align,
  frameMemory,
  frames,
  stacks,
} from './layout';
import { logEnd, setReturnLength } from './memory';
import { addHeat, startNative } from './native';
import { refund } from './state-ops';
import { mode, translate } from './translate';
import { copyWord, setWord } from './words';

/** Number of open frames. */
export let depth: i32 = 0;
/** Where the memory of the outermost frame begins: behind the input the host wrote. */
let firstMemory: usize = 0;

export function clearFrames(inputBytes: u32): void {
  depth = 0;
  firstMemory = align(frameMemory + <usize>inputBytes, 64);
}

// @ts-ignore: decorator
@inline
export function topFrame(): usize {
  return frames + <usize>(depth - 1) * FRAME_BYTES;
}

/**
 * Opens a frame on top: places its stack and memory, marks journal, logs and refund. The caller
 * fills in code, accounts, input and value, and then calls `start`. Journal marks are taken here,
 * so value moves come after.
 */
export function openFrame(kind: i32, gas: i64): usize {
  const frame = frames + <usize>depth * FRAME_BYTES;
  if (depth == 0) {
    // The lowest item lies at `stacks + 32`; below is where the top of an empty stack points.
    store<u32>(frame, <u32>stacks, FRAME_STACK_EMPTY);
    store<u32>(frame, <u32>firstMemory, FRAME_MEMORY);
    store<u32>(frame, 0, FRAME_STATIC);
  } else {
    const parent = frame - FRAME_BYTES;
    const parentMemory = load<u32>(parent, FRAME_MEMORY) + load<u32>(parent, FRAME_MEMORY_SIZE);
    store<u32>(frame, load<u32>(parent, FRAME_SP), FRAME_STACK_EMPTY);
    store<u32>(frame, <u32>align(parentMemory, 64), FRAME_MEMORY);
    store<u32>(frame, load<u32>(parent, FRAME_STATIC), FRAME_STATIC);
  }
  store<u32>(frame, load<u32>(frame, FRAME_STACK_EMPTY), FRAME_SP);
  store<u32>(frame, 0, FRAME_MEMORY_SIZE);
  store<u32>(frame, <u32>kind, FRAME_KIND);
  store<u32>(frame, <u32>depth, FRAME_DEPTH);
  store<i64>(frame, gas, FRAME_GAS);
  store<i64>(frame, gas, FRAME_GAS_START);
  store<i64>(frame, refund, FRAME_REFUND_START);
  store<u32>(frame, <u32>journalEnd, FRAME_JOURNAL_START);
  store<u32>(frame, <u32>logEnd, FRAME_LOG_START);
  store<u32>(frame, 0, FRAME_RESULT);
  store<u32>(frame, 0, FRAME_RESULT_LENGTH);
  store<u32>(frame, 0, FRAME_CODE_BLOCK);
  store<u32>(frame, 0, FRAME_WORDS_BLOCK);
  store<u32>(frame, 0, FRAME_INPUT_LENGTH);
  store<u32>(frame, 0, FRAME_RECORD);
  depth++;
  return frame;
}

export function setParties(frame: usize, self: usize, caller: usize, codeAccount: usize): void {
  store<u32>(frame, <u32>self, FRAME_SELF);
  store<u32>(frame, <u32>caller, FRAME_CALLER);
  store<u32>(frame, <u32>codeAccount, FRAME_CODE_ACCOUNT);
}

export function setInput(frame: usize, input: usize, length: u32): void {
  store<u32>(frame, <u32>input, FRAME_INPUT);
  store<u32>(frame, length, FRAME_INPUT_LENGTH);
}

/** `value` is the address of a word, 0 for no value. */
export function setValue(frame: usize, value: usize): void {
  if (value == 0) setWord(frame + FRAME_VALUE, 0);
  else copyWord(frame + FRAME_VALUE, value);
}

/** The frame runs the code of an account. */
export function useAccountCode(frame: usize, account: usize): void {
  if (codeSizeOf(account) == 0) {
    useGivenCode(frame, 0, 0);
    return;
  }
  const block = holdCode(account);
  store<u32>(frame, <u32>block, FRAME_CODE_BLOCK);
  store<u32>(frame, <u32>(block + BLOCK_HEAD_BYTES), FRAME_CODE);
  store<u32>(frame, load<u32>(block, BLOCK_LENGTH), FRAME_CODE_LENGTH);
  memory.copy(frame + FRAME_CODE_HASH, account + ACCOUNT_CODE_HASH, 32);
}

/** The frame runs bytes that stay where they are while it is open. */
export function useGivenCode(frame: usize, code: usize, length: u32): void {
  store<u32>(frame, <u32>code, FRAME_CODE);
  store<u32>(frame, length, FRAME_CODE_LENGTH);
  setWord(frame + FRAME_CODE_HASH, 0);
}

/** All is filled in: translate and tell the tracer. */
export function start(frame: usize): void {
  setReturnLength(0);
  if (mode == DECODE_FUSED && startNative(frame)) return;
  translate(frame, mode);
  if (mode == DECODE_STEP) hostEnter(frame);
}

/** Lets the code of the top frame go and takes the frame away. */
export function closeFrame(frame: usize): void {
  addHeat(frame);
  const words = load<u32>(frame, FRAME_WORDS_BLOCK);
  if (words != 0) unpin(<usize>words);
  const code = load<u32>(frame, FRAME_CODE_BLOCK);
  if (code != 0) unpin(<usize>code);
  depth--;
}
