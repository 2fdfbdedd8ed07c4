// Which translation a frame runs, and the change to the plain one when a block cannot be afforded.
import {
  BLOCK_JUMPS,
  findBlock,
  insertBlock,
  pin,
  unpin,
} from './code';
import { decode, wordAt, wordsOf } from './decode';
import { hostStep } from './host';
import {
  DECODE_FUSED,
  DECODE_PLAIN,
  DECODE_STEP,
  FRAME_CODE,
  FRAME_CODE_HASH,
  FRAME_CODE_LENGTH,
  FRAME_IP,
  FRAME_JUMPS,
  FRAME_MODE,
  FRAME_WORDS_BLOCK,
  HALT_OUT_OF_GAS,
  HALT_STACK_OVERFLOW,
  HALT_STACK_UNDERFLOW,
} from './layout';
import { isZeroWord } from './words';

/** Mode of frames that are opened from now on: DECODE_FUSED, or DECODE_STEP under a tracer. */
export let mode: u32 = DECODE_FUSED;
export function setMode(value: u32): void {
  mode = value;
}

/**
 * Gives the frame a translation of its code in the given mode and sets its first instruction. Code
 * without a hash (init code) is translated each time.
 */
export function translate(frame: usize, wanted: u32): void {
  const code = <usize>load<u32>(frame, FRAME_CODE);
  const length = load<u32>(frame, FRAME_CODE_LENGTH);
  const hash = frame + FRAME_CODE_HASH;
  const isAnonymous = isZeroWord(hash);
  let block = isAnonymous ? 0 : findBlock(hash, wanted);
  if (block != 0) {
    pin(block);
  } else {
    block = decode(code, length, wanted);
    if (!isAnonymous) insertBlock(block, hash, wanted);
  }
  store<u32>(frame, <u32>block, FRAME_WORDS_BLOCK);
  store<u32>(frame, load<u32>(block, BLOCK_JUMPS), FRAME_JUMPS);
  store<u32>(frame, <u32>wordsOf(block, length, wanted), FRAME_IP);
  store<u32>(frame, wanted, FRAME_MODE);
}

/**
 * A block's head refused: stack or gas do not suffice for all of it, or it only shows a step.
 * Returns the head to go on with: the next one, or the one at the same code offset in the plain
 * translation, which the frame goes over to; 0 when it runs opcode by opcode already, so that this
 * head is that of the opcode which fails.
 */
export function refuseBlock(frame: usize, head: usize, sp: usize, gas: i64): usize {
  const offset = load<u32>(head, 8);
  const present = load<u32>(frame, FRAME_MODE);
  if (present == DECODE_STEP && load<u32>(head, 12) == 1) {
    hostStep(frame, sp, gas, offset);
    return head + 16;
  }
  if (present != DECODE_FUSED) return 0;
  const length = load<u32>(frame, FRAME_CODE_LENGTH);
  const old = <usize>load<u32>(frame, FRAME_WORDS_BLOCK);
  translate(frame, DECODE_PLAIN);
  unpin(old);
  return wordAt(<usize>load<u32>(frame, FRAME_WORDS_BLOCK), length, offset);
}

/** Instruction word of a code offset, of a frame that has the plain translation. */
export function wordOfPlain(frame: usize, offset: u32): usize {
  const block = <usize>load<u32>(frame, FRAME_WORDS_BLOCK);
  return wordAt(block, load<u32>(frame, FRAME_CODE_LENGTH), offset);
}

/** Why the head of one opcode refused: the stack is looked at before gas. */
export function blockFailure(head: u64, stackBytes: usize): i32 {
  const minimum = (u32(head) >>> 3) & 0x1ffe0;
  const room = (u32(head) >>> 15) & 0x1ffe0;
  if (stackBytes < <usize>minimum) return HALT_STACK_UNDERFLOW;
  if (stackBytes > <usize>(minimum + room)) return HALT_STACK_OVERFLOW;
  return HALT_OUT_OF_GAS;
}
