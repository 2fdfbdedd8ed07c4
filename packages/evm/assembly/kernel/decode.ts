// Translation of code into words of 64 bits that the interpreter runs: byte 0 the number of the case
// (handlers.ts), the upper 32 bits an operand. Made once per code hash and mode (code.ts).
//
// A basic block begins at the start, at every JUMPDEST, and behind every opcode that may leave the
// block. Its head is two words: bits 8-19 items the stack must hold, bits 20-31 how many more it may
// hold, bits 32-63 static gas of the whole block; then u32 code offset, u32 free. One check serves
// the block: a frame that cannot pay for all of it fails inside it in any case, and what it did until
// then is undone. Where the exact opcode matters (its name in the outcome, a trace), the code runs in
// the plain mode, in which every opcode is a block of its own.
//
// Opcodes that see the gas left (GAS, SSTORE) carry what the block charged for the opcodes behind
// them; calls and creations end their block.
import { BLOCK_HEAD_BYTES, BLOCK_JUMPS, BLOCK_LENGTH, allocate, trim } from './code';
import {
  DO_BLOCK,
  DO_DUP,
  DO_INVALID,
  DO_JUMP_TO,
  DO_JUMP_TO_IF,
  DO_PUSH_256,
  DO_PUSH_32,
  DO_PUSH_64,
  DO_STEP,
  DO_SWAP,
} from './handlers';
import { DECODE_FUSED, DECODE_STEP, OPCODE_ROW_BYTES, opcodeTable, scratch } from './layout';

const OP_JUMP: u32 = 0x56;
const OP_JUMPI: u32 = 0x57;
const OP_PC: u32 = 0x58;
const OP_GAS: u32 = 0x5a;
const OP_SSTORE: u32 = 0x55;
const OP_JUMPDEST: u32 = 0x5b;
const OP_PUSH0: u32 = 0x5f;
const OP_PUSH32: u32 = 0x7f;

const STACK_MAX: i32 = 1024;
/** A block costs less than this, so that its gas fits 32 bits. */
const BLOCK_GAS_MAX: u32 = 0x40000000;
/** Opcodes that see the gas left, in one block: their words wait in scratch for the block's end. */
const WAITING_MAX: i32 = 128;
const WAITING_OFFSET: usize = 2048;

// The opcode table, written by the host: u32 static gas, u8 taken, u8 left, u8 kind, u8 free.
const ROW_POPS: usize = 4;
const ROW_PUSHES: usize = 5;
const ROW_KIND: usize = 6;
const KIND_UNDEFINED: u32 = 0;
const KIND_PLAIN: u32 = 1;
/** Leaves the block but may come back behind it: JUMPI, calls, creations. */
const KIND_CUT: u32 = 2;
/** Never goes on behind itself. */
const KIND_END: u32 = 3;

// State of the block being written.
let out: usize = 0;
let blockStart: usize = 0;
let blockGas: u32 = 0;
let height: i32 = 0;
let needed: i32 = 0;
let highest: i32 = 0;
let waiting: i32 = 0;
/** Words written last in this block, for joining; 0: none. */
let last: usize = 0;

/**
 * Translates `length` bytes of code. Returns a block of the code cache, held once, in no bucket.
 * BLOCK_JUMPS of it: for each code offset u32, the head of the block of a JUMPDEST or 0; in the
 * other modes than fused a second such table follows with the head of every opcode.
 */
export function decode(code: usize, length: u32, mode: u32): usize {
  const isFused = mode == DECODE_FUSED;
  const tableBytes = <usize>length * (isFused ? 4 : 8) + 8;
  const block = allocate(tableBytes + measure(code, length, mode));
  const jumps = block + BLOCK_HEAD_BYTES;
  memory.fill(jumps, 0, tableBytes);
  markTargets(code, length, jumps);
  store<u32>(block, length, BLOCK_LENGTH);
  store<u32>(block, <u32>jumps, BLOCK_JUMPS);
  out = wordsOf(block, length, mode);
  const starts = isFused ? 0 : jumps + <usize>length * 4;
  write(code, length, mode, jumps, starts);
  trim(block, out - block - BLOCK_HEAD_BYTES);
  return block;
}

/** First instruction word of a translation. */
export function wordsOf(block: usize, length: u32, mode: u32): usize {
  const entries = <usize>length * (mode == DECODE_FUSED ? 1 : 2);
  return block + BLOCK_HEAD_BYTES + ((entries * 4 + 7) & ~7);
}

/** Instruction word of a code offset where a block of the plain modes begins. */
export function wordAt(block: usize, length: u32, offset: u32): usize {
  return <usize>load<u32>(block + BLOCK_HEAD_BYTES + (<usize>length + <usize>offset) * 4);
}

/** Upper bound of the bytes that `write` makes; close to it, since nothing unreached counts. */
function measure(code: usize, length: u32, mode: u32): usize {
  // A word; in the plain modes a head of two before it; in the step mode one more. A block
  // cut for being full has 128 opcodes at least: an eighth of a byte for each of them.
  const perOpcode: usize = mode == DECODE_FUSED ? 8 : mode == DECODE_STEP ? 32 : 24;
  let bytes: usize = 128 + (length >> 2);
  let isReached = true;
  for (let pc: u32 = 0; pc < length; pc++) {
    const op = <u32>load<u8>(code + pc);
    const pushed = op > OP_PUSH0 && op <= OP_PUSH32 ? op - OP_PUSH0 : 0;
    if (op == OP_JUMPDEST) {
      bytes += 16;
      isReached = true;
    }
    if (isReached) {
      const kind = rowKind(op);
      bytes += perOpcode;
      if (pushed != 0) bytes += pushed > 8 ? 32 : 8;
      else if (kind == KIND_CUT) bytes += 16;
      else if (kind != KIND_PLAIN) isReached = false;
    }
    pc += pushed;
  }
  return bytes;
}

function markTargets(code: usize, length: u32, jumps: usize): void {
  for (let pc: u32 = 0; pc < length; pc++) {
    const op = <u32>load<u8>(code + pc);
    if (op == OP_JUMPDEST) store<u32>(jumps + <usize>pc * 4, 1);
    else if (op > OP_PUSH0 && op <= OP_PUSH32) pc += op - OP_PUSH0;
  }
}

function write(code: usize, length: u32, mode: u32, jumps: usize, starts: usize): void {
  const isFused = mode == DECODE_FUSED;
  let isOpen = false;
  // False behind an opcode that never goes on, until the next JUMPDEST: nothing gets there.
  let isReached = true;
  for (let pc: u32 = 0; pc < length; pc++) {
    const op = <u32>load<u8>(code + pc);
    const pushed = op > OP_PUSH0 && op <= OP_PUSH32 ? op - OP_PUSH0 : 0;
    if (op == OP_JUMPDEST) isReached = true;
    if (isReached) {
      if (!isOpen || !isFused || op == OP_JUMPDEST || isFull()) {
        if (isOpen) closeBlock();
        openBlock(pc, mode);
        const entry = mode == DECODE_STEP ? blockStart - 8 : blockStart;
        if (op == OP_JUMPDEST) store<u32>(jumps + <usize>pc * 4, <u32>entry);
        if (starts != 0) store<u32>(starts + <usize>pc * 4, <u32>entry);
        isOpen = true;
      }
      const kind = count(op);
      if (pushed != 0) writePush(code, length, pc + 1, pushed);
      else writeOpcode(op, kind, pc, isFused, length, jumps);
      if (kind != KIND_PLAIN) {
        closeBlock();
        isOpen = false;
        isReached = kind == KIND_CUT;
      }
    }
    pc += pushed;
  }
  if (!isReached) return;
  // Code ends with a STOP that is not written down.
  if (!isOpen || !isFused) {
    if (isOpen) closeBlock();
    openBlock(length, mode);
  }
  emit(0, 0);
  closeBlock();
}

function isFull(): bool {
  return blockGas >= BLOCK_GAS_MAX || waiting >= WAITING_MAX;
}

function openBlock(pc: u32, mode: u32): void {
  if (mode == DECODE_STEP) emit(DO_STEP, pc);
  blockStart = out;
  out += 16;
  store<u64>(blockStart, u64(pc), 8);
  blockGas = 0;
  height = 0;
  needed = 0;
  highest = 0;
  waiting = 0;
  last = 0;
}

function closeBlock(): void {
  let minimum = needed;
  let room = STACK_MAX - highest - needed;
  // No stack is right for such a block; where it fails is found in the plain mode.
  if (room < 0) {
    minimum = 0xfff;
    room = 0;
  }
  const head = DO_BLOCK | (<u32>minimum << 8) | (<u32>room << 20);
  store<u64>(blockStart, u64(head) | (u64(blockGas) << 32));
  for (let i: i32 = 0; i < waiting; i++) {
    const word = <usize>load<u32>(scratch + WAITING_OFFSET + <usize>i * 4);
    store<u32>(word, blockGas - load<u32>(word, 4), 4);
  }
}

// @ts-ignore: decorator
@inline
function rowKind(op: u32): u32 {
  return <u32>load<u8>(opcodeTable + <usize>op * OPCODE_ROW_BYTES, ROW_KIND);
}

/** Adds an opcode to the sums of the block; returns its kind. */
// @ts-ignore: decorator
@inline
function count(op: u32): u32 {
  const row = opcodeTable + <usize>op * OPCODE_ROW_BYTES;
  blockGas += load<u32>(row);
  const below = <i32>load<u8>(row, ROW_POPS) - height;
  if (below > needed) needed = below;
  height += <i32>load<u8>(row, ROW_PUSHES) - <i32>load<u8>(row, ROW_POPS);
  if (height > highest) highest = height;
  return <u32>load<u8>(row, ROW_KIND);
}

// @ts-ignore: decorator
@inline
function emit(handler: u32, operand: u32): void {
  last = out;
  store<u64>(out, u64(handler) | (u64(operand) << 32));
  out += 8;
}

/** Data cut off by the end of the code counts as zero bytes. */
function writePush(code: usize, length: u32, from: u32, size: u32): void {
  const word = scratch;
  memory.fill(word, 0, 32);
  for (let i: u32 = 0; i < size; i++) {
    const byte: u8 = from + i < length ? load<u8>(code + from + i) : 0;
    store<u8>(word + size - 1 - i, byte);
  }
  const low = load<u64>(word);
  if ((load<u64>(word, 8) | load<u64>(word, 16) | load<u64>(word, 24)) != 0) {
    emit(DO_PUSH_256, 0);
    memory.copy(out, word, 32);
    out += 32;
  } else if (low >> 32 != 0) {
    emit(DO_PUSH_64, 0);
    store<u64>(out, low);
    out += 8;
  } else {
    emit(DO_PUSH_32, u32(low));
  }
}

function writeOpcode(
  op: u32,
  kind: u32,
  pc: u32,
  isFused: bool,
  length: u32,
  jumps: usize,
): void {
  if (kind == KIND_UNDEFINED) {
    emit(DO_INVALID, 0);
  } else if (op == OP_JUMPDEST) {
    // The block's head is all there is of it.
  } else if (op == OP_PUSH0) {
    emit(DO_PUSH_32, 0);
  } else if (op == OP_PC) {
    emit(DO_PUSH_32, pc);
  } else if (op >= 0x80 && op <= 0x8f) {
    emit(DO_DUP, (op - 0x80) * 32);
  } else if (op >= 0x90 && op <= 0x9f) {
    emit(DO_SWAP, (op - 0x8f) * 32);
  } else if (op == OP_GAS || op == OP_SSTORE) {
    emit(op, blockGas);
    store<u32>(scratch + WAITING_OFFSET + <usize>waiting * 4, <u32>last);
    waiting++;
  } else if ((op == OP_JUMP || op == OP_JUMPI) && isFused && isTarget(length, jumps)) {
    const target = load<u32>(last, 4);
    out = last;
    emit(op == OP_JUMP ? DO_JUMP_TO : DO_JUMP_TO_IF, target);
  } else {
    emit(op, 0);
  }
}

/** The word before pushes the offset of a JUMPDEST. */
function isTarget(length: u32, jumps: usize): bool {
  if (last == 0 || <u32>load<u8>(last) != DO_PUSH_32) return false;
  const target = load<u32>(last, 4);
  return target < length && load<u32>(jumps + <usize>target * 4) != 0;
}
