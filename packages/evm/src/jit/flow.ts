/** Jumps, calls and ends: how a function is left. */
import * as K from '../kernel/layout.ts';
import { type Emitter, FRAME, GAS } from './emitter.ts';
import type { FunctionGenerator } from './function.ts';
import { GLOBAL_TARGETS, IMPORT_RESULT, RUNTIME_BY_OPCODE } from './runtime.ts';
import * as W from './wasm.ts';
import { anyBit, upperBits } from './words.ts';

/** What the driver does next, by opcode. */
const ACTIONS: ReadonlyMap<number, number> = new Map([
  [0xf0, K.ACTION_CREATE],
  [0xf1, K.ACTION_CALL],
  [0xf2, K.ACTION_CALLCODE],
  [0xf4, K.ACTION_DELEGATECALL],
  [0xf5, K.ACTION_CREATE2],
  [0xfa, K.ACTION_STATICCALL],
]);

/** Slot of a constant target, 0: it is no JUMPDEST; -1: the target is not constant. */
function knownSlot(g: FunctionGenerator, target: number): number {
  if (!g.e.isConstant(target)) return -1;
  const offset = g.e.smallConstant(target);
  return offset < 0 || offset >= g.code.length ? 0 : (g.targets.slots[offset] as number);
}

export function writeJump(g: FunctionGenerator): void {
  const target = g.stack.pop();
  const slot = knownSlot(g, target);
  if (slot > 0) {
    const offset = g.e.smallConstant(target);
    if (g.mayFollow(offset)) {
      g.pc = offset;
      return;
    }
    g.leaveFor(offset);
    return;
  }
  g.stack.flush();
  g.closeSegment();
  g.isOpen = false;
  if (slot === 0) halt(g.e, K.HALT_INVALID_JUMP);
  else jumpTo(g, target);
}

export function writeJumpIf(g: FunctionGenerator): void {
  const target = g.stack.pop();
  const condition = g.stack.pop();
  const { e } = g;
  const { w } = e;
  const slot = knownSlot(g, target);
  const any = anyBit(e, condition);
  g.stack.flush();
  if (any < 0) {
    // Always or never taken.
    if (e.low(any) === 0 && e.high(any) === 0) {
      g.goOn();
      return;
    }
    g.closeSegment();
    g.isOpen = false;
    jumpOrHalt(g, target, slot);
    return;
  }
  e.get(any);
  if (e.width(any) <= 31) w.u8(W.I32_WRAP_I64);
  else w.append([W.I64_CONST, 0, W.I64_NE]);
  w.u8x2(W.IF, W.NO_RESULT);
  jumpOrHalt(g, target, slot);
  w.u8(W.END);
  g.goOn();
}

function jumpOrHalt(g: FunctionGenerator, target: number, slot: number): void {
  if (slot > 0) g.tailCall(slot);
  else if (slot === 0) halt(g.e, K.HALT_INVALID_JUMP);
  else jumpTo(g, target);
}

/** To a target that is known only now: its slot stands in the table of targets. */
function jumpTo(g: FunctionGenerator, target: number): void {
  const { e } = g;
  const { w } = e;
  const low = e.limb(target, 0);
  const upper = upperBits(e, target);
  e.get(low);
  e.get(e.fromBigInt(BigInt(g.code.length)));
  w.u8(W.I64_GE_U);
  if (upper !== -1) {
    e.get(upper);
    w.append([W.I64_CONST, 0, W.I64_NE, W.I32_OR]);
  }
  w.u8x2(W.IF, W.NO_RESULT);
  halt(e, K.HALT_INVALID_JUMP);
  w.u8(W.END);
  w.u8x2(W.LOCAL_GET, FRAME);
  g.stack.pointer();
  w.u8x2(W.LOCAL_GET, GAS);
  e.get(low);
  w.append([W.I32_WRAP_I64, W.I32_CONST, 1, W.I32_SHL, W.GLOBAL_GET, GLOBAL_TARGETS, W.I32_ADD]);
  w.append([W.I32_LOAD16_U, 1, 0, W.RETURN_CALL_INDIRECT, 0, 0]);
}

export function halt(e: Emitter, number: number): void {
  e.w.u8(W.I32_CONST);
  e.w.signed(number);
  e.w.u8(W.RETURN);
}

/** Keeps a result of the kernel as the gas left; a negative one ends the frame with its outcome. */
export function keepGas(e: Emitter): void {
  e.w.append([W.LOCAL_TEE, GAS, W.I64_CONST, 0, W.I64_LT_S, W.IF, W.NO_RESULT]);
  e.w.append([W.I64_CONST, 0, W.LOCAL_GET, GAS, W.I64_SUB, W.I32_WRAP_I64, W.RETURN, W.END]);
}

/** Opcodes behind which the function does not go on. */
export function writeEnd(g: FunctionGenerator, op: number): void {
  const { e, stack } = g;
  const { w } = e;
  const action = g.facts.exists[op] === 0 ? undefined : ACTIONS.get(op);
  g.isOpen = false;
  if (action !== undefined) {
    stack.flush();
    g.closeSegment();
    storeGas(e);
    w.u8x2(W.LOCAL_GET, FRAME);
    stack.pointer();
    store32(e, K.FRAME_SP);
    w.u8x2(W.LOCAL_GET, FRAME);
    w.u8(W.I32_CONST);
    w.signed(g.slotAt(g.pc));
    store32(e, K.FRAME_IP);
    halt(e, action);
    return;
  }
  const number = g.facts.exists[op] === 0 ? K.HALT_INVALID_OPCODE : endOf(op);
  if (number === K.HALT_RETURN || number === K.HALT_REVERT) {
    stack.flushTop(2);
    callEnd(g, IMPORT_RESULT);
  } else if (number === K.HALT_SELFDESTRUCT) {
    stack.flushTop(1);
    callEnd(g, RUNTIME_BY_OPCODE[op]?.import ?? 0);
  }
  g.closeSegment();
  storeGas(e);
  halt(e, number);
}

function endOf(op: number): number {
  switch (op) {
    case 0x00:
      return K.HALT_STOP;
    case 0xf3:
      return K.HALT_RETURN;
    case 0xfd:
      return K.HALT_REVERT;
    case 0xff:
      return K.HALT_SELFDESTRUCT;
    default:
      throw new Error(`no code is generated for opcode ${op}`);
  }
}

function callEnd({ e, stack }: FunctionGenerator, imported: number): void {
  e.w.append([W.LOCAL_GET, FRAME, W.LOCAL_GET, GAS]);
  stack.pointer();
  e.w.u8(W.CALL);
  e.w.unsigned(imported);
  keepGas(e);
}

function storeGas({ w }: Emitter): void {
  w.append([W.LOCAL_GET, FRAME, W.LOCAL_GET, GAS, W.I64_STORE, 3, K.FRAME_GAS]);
}

/** The value lies above the address. */
function store32({ w }: Emitter, offset: number): void {
  w.append([W.I32_STORE, 2, offset]);
}
