// Translation of code into words of 64 bits that the interpreter runs: byte 0 the number of the
// case (handlers.ts), the upper 32 bits an operand. Made once per code hash and mode (code.ts).
//
// A basic block begins at the start, at every JUMPDEST, and behind every opcode that may leave the
// block. Its head is two words: bits 8-19 items the stack must hold, bits 20-31 how many more it
// may hold, bits 32-63 static gas of the whole block; then u32 code offset, u32 1 in heads that
// only show a step. One check serves the block: a frame that cannot pay for all of it fails inside
// it in any case, and what it did until then is undone. Where the exact opcode matters (its name in
// the outcome, a trace), the code runs in the plain mode, in which every opcode is a block of its
// own, or in the step mode, in which a head that always refuses stands before each.
//
// Opcodes that see the gas left (GAS, SSTORE) carry what the block charged for the opcodes behind
// them; calls and creations end their block. In the fused mode neighbours are joined (join.ts).
import { BLOCK_HEAD_BYTES, BLOCK_JUMPS, BLOCK_LENGTH, allocate, trim } from './code';
import {
  closeBlock,
  count,
  emit,
  emitConstant,
  emitSmallConstant,
  gasSoFar,
  isBlockFull,
  openBlock,
  out,
  rowKind,
  startWriting,
} from './emit';
import { DO_DUP, DO_ENVIRONMENT, DO_INVALID, DO_PUSH_32, DO_SWAP } from './handlers';
import { isFoldable, join, joinJump } from './join';
import {
  DECODE_FUSED,
  DECODE_STEP,
  ENV_BASE_FEE,
  ENV_BLOB_BASE_FEE,
  ENV_CHAIN_ID,
  ENV_COINBASE,
  ENV_GAS_LIMIT,
  ENV_GAS_PRICE,
  ENV_NUMBER,
  ENV_ORIGIN,
  ENV_RANDOM,
  ENV_TIMESTAMP,
  OPCODE_ROW_BYTES,
  opcodeTable,
  scratch,
} from './layout';
import { setWord } from './words';

const OP_SSTORE: u32 = 0x55;
const OP_JUMP: u32 = 0x56;
const OP_JUMPI: u32 = 0x57;
const OP_PC: u32 = 0x58;
const OP_GAS: u32 = 0x5a;
const OP_JUMPDEST: u32 = 0x5b;
const OP_PUSH0: u32 = 0x5f;
const OP_PUSH32: u32 = 0x7f;

// Kinds of opcodes in the table.
const KIND_UNDEFINED: u32 = 0;
const KIND_PLAIN: u32 = 1;
/** Leaves the block but may come back behind it: JUMPI, calls, creations; KIND_END (3) never. */
const KIND_CUT: u32 = 2;

/** u8 of the opcode table that `completeOpcodes` writes. */
const ROW_BYTES: usize = 7;

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
  startWriting(wordsOf(block, length, mode), mode);
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

/** Completes the opcode table: bytes of translation that an opcode may take in the fused mode. */
export function completeOpcodes(): void {
  for (let op: u32 = 0; op < 256; op++) {
    const isPush = op > OP_PUSH0 && op <= OP_PUSH32;
    // A word each; a head of two behind what cuts the block and before a JUMPDEST. A constant that
    // is computed from short ones may be long, and take part in the next one.
    let bytes: u32 = 8;
    if (isPush) bytes = op - OP_PUSH0 > 8 ? 40 : 16;
    else if (op == OP_JUMPDEST || rowKind(op) == KIND_CUT) bytes = 24;
    else if (isFoldable(op)) bytes = 40;
    store<u8>(opcodeTable + <usize>op * OPCODE_ROW_BYTES, bytes, ROW_BYTES);
  }
}

/** Upper bound of the bytes that `write` makes. */
function measure(code: usize, length: u32, mode: u32): usize {
  // In the plain modes a head before every opcode, in the step mode two.
  const more: usize = mode == DECODE_FUSED ? 0 : mode == DECODE_STEP ? 32 : 16;
  const end = code + length;
  let bytes: usize = 128;
  for (let at = code; at < end; at++) {
    const op = <u32>load<u8>(at);
    bytes += <usize>load<u8>(opcodeTable + <usize>op * OPCODE_ROW_BYTES, ROW_BYTES) + more;
    if (op > OP_PUSH0 && op <= OP_PUSH32) at += op - OP_PUSH0;
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
      if (!isOpen || !isFused || op == OP_JUMPDEST || isBlockFull()) {
        if (isOpen) closeBlock();
        const entry = openBlock(pc);
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
    openBlock(length);
  }
  emit(0, 0);
  closeBlock();
}

/** Data cut off by the end of the code counts as zero bytes. */
function writePush(code: usize, length: u32, from: u32, size: u32): void {
  if (size <= 8 && from + 8 <= length) {
    emitSmallConstant(bswap<u64>(load<u64>(code + from)) >> u64(64 - size * 8));
    return;
  }
  const word = scratch;
  setWord(word, 0);
  for (let i: u32 = 0; i < size; i++) {
    const byte: u8 = from + i < length ? load<u8>(code + from + i) : 0;
    store<u8>(word + size - 1 - i, byte);
  }
  emitConstant(word);
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
    // Put right when the block closes.
    emit(op, gasSoFar());
  } else if (isFused && (op == OP_JUMP || op == OP_JUMPI)) {
    if (!joinJump(op, length, jumps)) emit(op, 0);
  } else if (!isFused || !join(op)) {
    const offset = environmentOffset(op);
    if (offset >= 0) emit(DO_ENVIRONMENT, offset);
    else emit(op, 0);
  }
}

/** Opcodes that show a word of the environment; -1: another one. */
function environmentOffset(op: u32): i32 {
  switch (op) {
    case 0x32: return <i32>ENV_ORIGIN;
    case 0x3a: return <i32>ENV_GAS_PRICE;
    case 0x41: return <i32>ENV_COINBASE;
    case 0x42: return <i32>ENV_TIMESTAMP;
    case 0x43: return <i32>ENV_NUMBER;
    case 0x44: return <i32>ENV_RANDOM;
    case 0x45: return <i32>ENV_GAS_LIMIT;
    case 0x46: return <i32>ENV_CHAIN_ID;
    case 0x48: return <i32>ENV_BASE_FEE;
    case 0x4a: return <i32>ENV_BLOB_BASE_FEE;
  }
  return -1;
}
