// Writes the words of one translation, basic block by basic block, for decode.ts.
import {
  DO_BLOCK,
  DO_DROP,
  DO_DUP,
  DO_DUP_DUP,
  DO_DUP_PUSH,
  DO_PUSH_256,
  DO_PUSH_32,
  DO_PUSH_64,
  DO_PUSH_DUP,
  DO_PUSH_PUSH,
  DO_SWAP,
  DO_SWAP_POP,
  DO_SWAP_SWAP,
} from './handlers';
import { DECODE_FUSED, DECODE_STEP, OPCODE_ROW_BYTES, opcodeTable } from './layout';
import { copyWord, isSmall } from './words';

const OP_POP: u32 = 0x50;
const OP_SSTORE: u32 = 0x55;
const OP_GAS: u32 = 0x5a;
const STACK_MAX: i32 = 1024;
/** A block costs less than this, so that its gas fits 32 bits. */
const BLOCK_GAS_MAX: u32 = 0x40000000;

/** A head that always refuses: more items than the stack can hold. */
const MINIMUM_NEVER: u32 = 0xfff;

// The opcode table, written by the host: u32 static gas, u8 taken, u8 left, u8 kind, u8 see
// `completeOpcodes` in decode.ts.
const ROW_POPS: usize = 4;
const ROW_PUSHES: usize = 5;
const ROW_KIND: usize = 6;

/** Where the next word goes. */
export let out: usize = 0;
// The words written last in this block, the latest first; 0: none. Only these may be joined.
export let last: usize = 0;
export let second: usize = 0;
export let third: usize = 0;
export let fourth: usize = 0;

let mode: u32 = 0;
let blockStart: usize = 0;
let blockGas: u32 = 0;
let height: i32 = 0;
let needed: i32 = 0;
let highest: i32 = 0;

export function startWriting(at: usize, decodeMode: u32): void {
  out = at;
  mode = decodeMode;
}

/** Begins a block at a code offset; returns where jumps to it go. */
export function openBlock(pc: u32): usize {
  const entry = out;
  if (mode == DECODE_STEP) {
    // Refuses always, and the 1 says why: the step is shown, and the real head comes next.
    store<u64>(out, headOf(MINIMUM_NEVER, 0, 0));
    store<u64>(out, u64(pc) | (u64(1) << 32), 8);
    out += 16;
  }
  blockStart = out;
  out += 16;
  store<u64>(blockStart, u64(pc), 8);
  blockGas = 0;
  height = 0;
  needed = 0;
  highest = 0;
  forgetWords();
  return entry;
}

/** So dear already that another opcode might not fit. */
export function isBlockFull(): bool {
  return blockGas >= BLOCK_GAS_MAX;
}

// @ts-ignore: decorator
@inline
export function rowKind(op: u32): u32 {
  return <u32>load<u8>(opcodeTable + <usize>op * OPCODE_ROW_BYTES, ROW_KIND);
}

/** Adds an opcode to the sums of the block; returns its kind. */
// @ts-ignore: decorator
@inline
export function count(op: u32): u32 {
  const row = load<u64>(opcodeTable + <usize>op * OPCODE_ROW_BYTES);
  const pops = <i32>((row >> (ROW_POPS * 8)) & 0xff);
  blockGas += u32(row);
  const below = pops - height;
  if (below > needed) needed = below;
  height += <i32>((row >> (ROW_PUSHES * 8)) & 0xff) - pops;
  if (height > highest) highest = height;
  return <u32>((row >> (ROW_KIND * 8)) & 0xff);
}

/** Gas that the block costs so far. */
export function gasSoFar(): u32 {
  return blockGas;
}

function headOf(minimum: u32, room: u32, gas: u32): u64 {
  return u64(DO_BLOCK | (minimum << 8) | (room << 20)) | (u64(gas) << 32);
}

/** Writes the head, now that the sums are known, and makes the words final. */
export function closeBlock(): void {
  const room = STACK_MAX - highest - needed;
  const head =
    room < 0 ? headOf(MINIMUM_NEVER, 0, blockGas) : headOf(<u32>needed, <u32>room, blockGas);
  store<u64>(blockStart, head);
  finishWords();
}

// @ts-ignore: decorator
@inline
export function emit(handler: u32, operand: u32): void {
  fourth = third;
  third = second;
  second = last;
  last = out;
  store<u64>(out, u64(handler) | (u64(operand) << 32));
  out += 8;
}

/** Takes the latest word back, whatever its length. */
export function dropLast(): void {
  out = last;
  last = second;
  second = third;
  third = fourth;
  fourth = 0;
}

function forgetWords(): void {
  last = second = third = fourth = 0;
}

/** A PUSH of the word at `value`, in the shortest form. */
export function emitConstant(value: usize): void {
  if (isSmall(value)) {
    emitSmallConstant(load<u64>(value));
    return;
  }
  emit(DO_PUSH_256, 0);
  copyWord(out, value);
  out += 32;
}

export function emitSmallConstant(value: u64): void {
  if (value >> 32 == 0) {
    emit(DO_PUSH_32, u32(value));
    return;
  }
  emit(DO_PUSH_64, 0);
  store<u64>(out, value);
  out += 8;
}

/**
 * Goes over the words of the block once more: opcodes that see the gas left learn what the block
 * charged for those behind them (until now they held what it charged up to them), and pairs of
 * moves become one word.
 */
function finishWords(): void {
  const isFused = mode == DECODE_FUSED;
  let from = blockStart + 16;
  let to = from;
  while (from < out) {
    const word = load<u64>(from);
    const handler = u32(word) & 0xff;
    if (handler == OP_GAS || handler == OP_SSTORE) {
      store<u64>(to, u64(handler) | (u64(blockGas - u32(word >> 32)) << 32));
      from += 8;
      to += 8;
      continue;
    }
    if (isFused && from + 8 < out) {
      const joined = joinMoves(word, load<u64>(from + 8));
      if (joined != 0) {
        // Further POPs join what is a word of POPs already.
        store<u64>(from + 8, joined);
        from += 8;
        if ((u32(joined) & 0xff) == DO_DROP) continue;
        store<u64>(to, joined);
        from += 8;
        to += 8;
        continue;
      }
    }
    store<u64>(to, word);
    from += 8;
    to += 8;
    if (handler == DO_PUSH_64) {
      store<u64>(to, load<u64>(from));
      from += 8;
      to += 8;
    } else if (handler == DO_PUSH_256) {
      copyWord(to, from);
      from += 32;
      to += 32;
    }
  }
  out = to;
  forgetWords();
}

/** The word that does what two moves of the stack do; 0: they stay two. */
function joinMoves(first: u64, next: u64): u64 {
  const a = u32(first) & 0xff;
  const b = u32(next) & 0xff;
  const x = u32(first >> 32);
  const y = u32(next >> 32);
  if (b == OP_POP) {
    if (a == OP_POP) return pair(DO_DROP, 0, 64);
    if (a == DO_DROP) return pair(DO_DROP, 0, x + 32);
    if (a == DO_SWAP) return pair(DO_SWAP_POP, 0, x);
  }
  if (a == DO_DUP && b == DO_DUP) return pair(DO_DUP_DUP, x, y);
  if (a == DO_DUP && b == DO_PUSH_32) return pair(DO_DUP_PUSH, x, y);
  if (a == DO_SWAP && b == DO_SWAP) return pair(DO_SWAP_SWAP, x, y);
  if (a == DO_PUSH_32 && b == DO_DUP) return pair(DO_PUSH_DUP, y, x);
  if (a == DO_PUSH_32 && b == DO_PUSH_32 && x <= 0xffffff) return pair(DO_PUSH_PUSH, x, y);
  return 0;
}

// @ts-ignore: decorator
@inline
function pair(handler: u32, lower: u32, upper: u32): u64 {
  return u64(handler | (lower << 8)) | (u64(upper) << 32);
}
