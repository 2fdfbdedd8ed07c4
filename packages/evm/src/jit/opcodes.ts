/** Opcodes that go on to the next one. */
import * as K from '../kernel/layout.ts';
import { type Emitter, FRAME, GAS, ZERO } from './emitter.ts';
import { keepGas } from './flow.ts';
import type { FunctionGenerator } from './function.ts';
import * as L from './limbs.ts';
import {
  FUNCTION_MULTIPLY,
  GLOBAL_ENVIRONMENT,
  IMPORT_RETURN_LENGTH,
  IMPORT_SSTORE,
  RUNTIME_BY_OPCODE,
} from './runtime.ts';
import * as W from './wasm.ts';
import * as words from './words.ts';

/** Products of limbs up to which a multiplication is written in place. */
const INLINE_PRODUCTS_MAX = 4;

/** Opcodes that push a word of the environment, and where it lies. */
const ENVIRONMENT: ReadonlyMap<number, number> = new Map([
  [0x32, K.ENV_ORIGIN],
  [0x3a, K.ENV_GAS_PRICE],
  [0x41, K.ENV_COINBASE],
  [0x42, K.ENV_TIMESTAMP],
  [0x43, K.ENV_NUMBER],
  [0x44, K.ENV_RANDOM],
  [0x45, K.ENV_GAS_LIMIT],
  [0x46, K.ENV_CHAIN_ID],
  [0x48, K.ENV_BASE_FEE],
  [0x4a, K.ENV_BLOB_BASE_FEE],
]);

/** Writes an opcode that exists; false: it ends the function (flow.ts). */
export function writeOpcode(g: FunctionGenerator, op: number): boolean {
  const { stack } = g;
  if (op >= 0x5f && op <= 0x7f) {
    stack.push(readPush(g, op - 0x5f));
  } else if (op >= 0x80 && op <= 0x8f) {
    stack.push(stack.peek(op - 0x80));
  } else if (op >= 0x90 && op <= 0x9f) {
    stack.swap(op - 0x8f);
  } else if (op < 0x20 && op > 0) {
    writeArithmetic(g, op);
  } else if (op < 0x50) {
    return op !== 0 && writeEnvironment(g, op);
  } else if (op < 0x5f) {
    writeMemoryAndStorage(g, op);
  } else if (op >= 0xa0 && op <= 0xa4) {
    callRuntime(g, op);
  } else {
    return false;
  }
  return true;
}

/** Data cut off by the end of the code counts as zero bytes. */
function readPush(g: FunctionGenerator, size: number): number {
  const { e, code, pc } = g;
  g.pc = pc + size;
  const limb = (end: number): number => {
    // Bytes of the limb that ends `end` bytes before the end of the data.
    if (end >= size) return ZERO;
    return e.constant(read32(code, pc + size - end, pc), read32(code, pc + size - end - 4, pc));
  };
  return e.value(limb(0), limb(8), limb(16), limb(24));
}

/** Four bytes that end before `end`; none before `start` nor behind the code. */
function read32(code: Uint8Array, end: number, start: number): number {
  let value = 0;
  for (let at = end - 4; at < end; at++) {
    value = (value << 8) | (at >= start && at < code.length ? (code[at] as number) : 0);
  }
  return value;
}

// ---- 0x01 to 0x1f ----

function writeArithmetic(g: FunctionGenerator, op: number): void {
  const { e, stack } = g;
  if (op === 0x15 || op === 0x19) {
    const value = stack.pop();
    stack.push(op === 0x15 ? words.isZeroWord(e, value) : words.invert(e, value));
    return;
  }
  const first = stack.peek(0);
  const second = op === 0x1e ? first : stack.peek(1);
  if (op !== 0x1e && e.isConstant(first) && e.isConstant(second)) {
    const folded = words.foldBinary(op, e.wordOf(first), e.wordOf(second));
    if (folded !== undefined) {
      stack.drop(2);
      stack.push(e.fromWord(folded));
      return;
    }
  }
  if (needsRuntime(e, op, first)) {
    callRuntime(g, op);
    return;
  }
  const a = stack.pop();
  const b = stack.pop();
  stack.push(binary(e, op, a, b));
}

/** No code is written in place for this. */
function needsRuntime(e: Emitter, op: number, first: number): boolean {
  if (op >= 0x04 && op <= 0x0a) return true;
  if (op === 0x1e) return true;
  if (op === 0x0b) {
    const index = e.smallConstant(first);
    return index < 0 || index > 30;
  }
  return op >= 0x1a && op <= 0x1d && e.smallConstant(first) < 0;
}

function binary(e: Emitter, op: number, a: number, b: number): number {
  switch (op) {
    case 0x01:
      return words.addWords(e, a, b);
    case 0x02:
      return multiply(e, a, b);
    case 0x03:
      return words.subtractWords(e, a, b);
    case 0x0b:
      return words.signExtend(e, b, e.smallConstant(a));
    case 0x10:
      return words.isLess(e, a, b, false);
    case 0x11:
      return words.isLess(e, b, a, false);
    case 0x12:
      return words.isLess(e, a, b, true);
    case 0x13:
      return words.isLess(e, b, a, true);
    case 0x14:
      return words.isEqual(e, a, b);
    case 0x16:
      return words.bitwise(e, a, b, L.and);
    case 0x17:
      return words.bitwise(e, a, b, L.or);
    case 0x18:
      return words.bitwise(e, a, b, L.xor);
    case 0x1a:
      return words.byteAt(e, b, e.smallConstant(a));
    case 0x1b:
      return words.shiftLeft(e, b, e.smallConstant(a));
    case 0x1c:
      return words.shiftRight(e, b, e.smallConstant(a), false);
    case 0x1d:
      return words.shiftRight(e, b, e.smallConstant(a), true);
    default:
      throw new Error(`no code is generated for opcode ${op}`);
  }
}

function multiply(e: Emitter, a: number, b: number): number {
  const shift = e.isConstant(a) ? words.powerOfTwo(e.wordOf(a)) : -1;
  if (shift >= 0) return words.shiftLeft(e, b, shift);
  const otherShift = e.isConstant(b) ? words.powerOfTwo(e.wordOf(b)) : -1;
  if (otherShift >= 0) return words.shiftLeft(e, a, otherShift);
  if (words.countProducts(e, a, b) <= INLINE_PRODUCTS_MAX) return words.multiplyInline(e, a, b);
  return words.multiplyAny(e, a, b, FUNCTION_MULTIPLY);
}

// ---- 0x20 to 0x4a ----

function writeEnvironment(g: FunctionGenerator, op: number): boolean {
  const { e, stack } = g;
  const offset = ENVIRONMENT.get(op);
  if (offset !== undefined) {
    stack.push(e.value(...limbsAt(g, () => e.w.u8x2(W.GLOBAL_GET, GLOBAL_ENVIRONMENT), offset)));
    return true;
  }
  switch (op) {
    case 0x30:
      stack.push(addressIn(g, K.FRAME_SELF));
      return true;
    case 0x33:
      stack.push(addressIn(g, K.FRAME_CALLER));
      return true;
    case 0x34:
      stack.push(e.value(...limbsAt(g, () => e.w.u8x2(W.LOCAL_GET, FRAME), K.FRAME_VALUE)));
      return true;
    case 0x36:
      e.load32(FRAME, K.FRAME_INPUT_LENGTH);
      e.w.u8(W.I64_EXTEND_I32_U);
      stack.push(e.value(e.take(32), ZERO, ZERO, ZERO));
      return true;
    case 0x38:
      stack.push(e.value(e.constant(g.code.length, 0), ZERO, ZERO, ZERO));
      return true;
    case 0x3d:
      e.w.append([W.CALL, IMPORT_RETURN_LENGTH, W.I64_EXTEND_I32_U]);
      stack.push(e.value(e.take(32), ZERO, ZERO, ZERO));
      return true;
    default:
      callRuntime(g, op);
      return true;
  }
}

/** Four limbs behind an address that `writeAddress` puts on the WASM machine's stack. */
function limbsAt(
  { e }: FunctionGenerator,
  writeAddress: () => void,
  offset: number,
): [number, number, number, number] {
  const limbs: [number, number, number, number] = [ZERO, ZERO, ZERO, ZERO];
  for (let i = 0; i < 4; i++) {
    writeAddress();
    e.w.u8x2(W.I64_LOAD, 3);
    e.w.unsigned(offset + i * 8);
    limbs[i] = e.take(64);
  }
  return limbs;
}

/** The address of an account whose record the frame names. */
function addressIn({ e }: FunctionGenerator, field: number): number {
  const limb = (load: number, offset: number, bits: number): number => {
    e.load32(FRAME, field);
    e.w.u8x2(load, 0);
    e.w.unsigned(offset);
    return e.take(bits);
  };
  const { ACCOUNT_ADDRESS: at } = K;
  return e.value(
    limb(W.I64_LOAD, at, 64),
    limb(W.I64_LOAD, at + 8, 64),
    limb(W.I64_LOAD32_U, at + 16, 32),
    ZERO,
  );
}

// ---- 0x50 to 0x5e ----

function writeMemoryAndStorage(g: FunctionGenerator, op: number): void {
  const { e, stack, memory } = g;
  switch (op) {
    case 0x50:
      stack.drop(1);
      return;
    case 0x51:
      stack.push(memory.load(stack.pop()));
      return;
    case 0x52: {
      const offset = stack.pop();
      memory.store(offset, stack.pop());
      return;
    }
    case 0x53: {
      const offset = stack.pop();
      memory.storeByte(offset, stack.pop());
      return;
    }
    case 0x55:
      writeSstore(g);
      return;
    case 0x58:
      stack.push(e.value(e.constant(g.pc - 1, 0), ZERO, ZERO, ZERO));
      return;
    case 0x59:
      stack.push(e.value(memory.size(), ZERO, ZERO, ZERO));
      return;
    case 0x5a:
      e.w.append([W.LOCAL_GET, GAS, W.I64_CONST]);
      g.waitForGas();
      e.w.u8(W.I64_ADD);
      stack.push(e.value(e.take(63), ZERO, ZERO, ZERO));
      return;
    case 0x5b:
      return;
    default:
      callRuntime(g, op);
  }
}

/** SSTORE looks at the gas left, so it gets what was charged for the opcodes behind it. */
function writeSstore(g: FunctionGenerator): void {
  const { e, stack } = g;
  stack.flushTop(2);
  const { height } = stack;
  stack.replace(2, 0);
  e.w.append([W.LOCAL_GET, FRAME, W.LOCAL_GET, GAS]);
  stack.height = height;
  stack.pointer();
  stack.drop(2);
  e.w.u8(W.I64_CONST);
  g.waitForGas();
  e.w.u8x2(W.CALL, IMPORT_SSTORE);
  keepGas(e);
}

/** Has the kernel carry an opcode out, on operands in stack memory. */
function callRuntime(g: FunctionGenerator, op: number): void {
  const row = RUNTIME_BY_OPCODE[op];
  if (row === undefined) throw new Error(`no code is generated for opcode ${op}`);
  const { e, stack, facts } = g;
  const pops = facts.pops[op] as number;
  const pushes = facts.pushes[op] as number;
  stack.flushTop(pops);
  const before = stack.height;
  stack.replace(pops, pushes);
  const after = stack.height;
  stack.height = before;
  e.w.append([W.LOCAL_GET, FRAME, W.LOCAL_GET, GAS]);
  stack.pointer();
  stack.height = after;
  e.w.u8(W.CALL);
  e.w.unsigned(row.import);
  if (row.charges) keepGas(e);
  else e.w.u8(W.DROP);
  if (row.grows) g.memory.forgetSize();
  if (pushes > 0) stack.pushStored();
}
