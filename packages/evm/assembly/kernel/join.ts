// Joins an opcode with the words before it in the block: constants are computed now, an operand
// that was only pushed or copied is named in the word, and a comparison becomes part of the jump.
// Stack and gas of the block are summed over the opcodes as they were.
import { dropLast, emit, emitConstant, last, second } from './emit';
import {
  DO_ADD_CONSTANT,
  DO_AND_CONSTANT,
  DO_DUP,
  DO_DUP_ADD,
  DO_DUP_AND,
  DO_DUP_EQ,
  DO_DUP_GT,
  DO_DUP_ISZERO,
  DO_DUP_LT,
  DO_DUP_MLOAD,
  DO_DUP_MSTORE,
  DO_DUP_MUL,
  DO_DUP_SGT,
  DO_DUP_SLT,
  DO_DUP_SUB,
  DO_EQ_CONSTANT,
  DO_GT_CONSTANT,
  DO_JUMP_TO,
  DO_JUMP_TO_IF,
  DO_JUMP_TO_IF_LT,
  DO_JUMP_TO_UNLESS,
  DO_JUMP_TO_UNLESS_LT,
  DO_LT_CONSTANT,
  DO_MLOAD_CONSTANT,
  DO_MSTORE_CONSTANT,
  DO_MUL_CONSTANT,
  DO_NOT_LT,
  DO_PUSH_256,
  DO_PUSH_32,
  DO_PUSH_64,
  DO_SHL_CONSTANT,
  DO_SHR_CONSTANT,
  DO_SUB_CONSTANT,
  DO_SWAP,
} from './handlers';
import { scratch } from './layout';
import { multiplyWords } from './multiply';
import { shiftLeft, shiftRight } from './shift';
import { addWords, subtractWords } from './words';

const OP_ADD: u32 = 0x01;
const OP_MUL: u32 = 0x02;
const OP_SUB: u32 = 0x03;
const OP_LT: u32 = 0x10;
const OP_GT: u32 = 0x11;
const OP_SLT: u32 = 0x12;
const OP_SGT: u32 = 0x13;
const OP_EQ: u32 = 0x14;
const OP_ISZERO: u32 = 0x15;
const OP_AND: u32 = 0x16;
const OP_OR: u32 = 0x17;
const OP_NOT: u32 = 0x19;
const OP_SHL: u32 = 0x1b;
const OP_SHR: u32 = 0x1c;
const OP_MLOAD: u32 = 0x51;
const OP_MSTORE: u32 = 0x52;
const OP_JUMPI: u32 = 0x57;

/** Words in scratch: the operand on top and the one below. */
const TOP: usize = 2048;
const BELOW: usize = 2080;

// @ts-ignore: decorator
@inline
function handlerAt(word: usize): u32 {
  return word == 0 ? 0 : <u32>load<u8>(word);
}

// @ts-ignore: decorator
@inline
function operandAt(word: usize): u32 {
  return load<u32>(word, 4);
}

// @ts-ignore: decorator
@inline
function isConstant(handler: u32): bool {
  return handler >= DO_PUSH_32 && handler <= DO_PUSH_256;
}

/** True when the opcode was joined; otherwise the caller emits it. */
export function join(op: u32): bool {
  if (last == 0) return false;
  const before = handlerAt(last);
  if (isConstant(before)) {
    if (foldConstants(op)) return true;
    return before == DO_PUSH_32 && joinConstant(op, operandAt(last));
  }
  if (before == DO_DUP) return joinCopy(op, operandAt(last));
  if (op == OP_ISZERO && before >= OP_LT && before <= OP_EQ) {
    dropLast();
    emit(DO_NOT_LT + (before - OP_LT), 0);
    return true;
  }
  // PUSH, SWAP1, SUB.
  const isOne = before == DO_SWAP && operandAt(last) == 32;
  if (op == OP_SUB && isOne && handlerAt(second) == DO_PUSH_32) {
    const constant = operandAt(second);
    dropLast();
    dropLast();
    emit(DO_SUB_CONSTANT, constant);
    return true;
  }
  return false;
}

function readConstant(word: usize, to: usize): void {
  const handler = <u32>load<u8>(word);
  memory.fill(to, 0, 32);
  if (handler == DO_PUSH_32) store<u32>(to, operandAt(word));
  else memory.copy(to, word + 8, handler == DO_PUSH_64 ? 8 : 32);
}

/** Computes what is known already, like PUSH 1, PUSH 160, SHL. */
function foldConstants(op: u32): bool {
  const top = scratch + TOP;
  const below = scratch + BELOW;
  if (op == OP_NOT) {
    readConstant(last, top);
    for (let at: usize = 0; at < 32; at += 8) store<u64>(top + at, ~load<u64>(top + at));
    dropLast();
    emitConstant(top);
    return true;
  }
  if (!isConstant(handlerAt(second)) || !isFoldable(op)) return false;
  readConstant(last, top);
  readConstant(second, below);
  if (op == OP_ADD) addWords(below, top, below);
  else if (op == OP_SUB) subtractWords(below, top, below);
  else if (op == OP_MUL) multiplyWords(below, top, below);
  else if (op == OP_SHL) shiftLeft(below, top);
  else if (op == OP_SHR) shiftRight(below, top);
  else {
    for (let at: usize = 0; at < 32; at += 8) {
      const a = load<u64>(top + at);
      const b = load<u64>(below + at);
      store<u64>(below + at, op == OP_AND ? a & b : a | b);
    }
  }
  dropLast();
  dropLast();
  emitConstant(below);
  return true;
}

/** Opcodes whose result on constants is computed here; it may be 32 bytes long. */
export function isFoldable(op: u32): bool {
  return (
    (op >= OP_ADD && op <= OP_SUB) ||
    op == OP_AND ||
    op == OP_OR ||
    op == OP_NOT ||
    op == OP_SHL ||
    op == OP_SHR
  );
}

function joinConstant(op: u32, constant: u32): bool {
  let joined: u32 = 0;
  switch (op) {
    case OP_ADD: joined = DO_ADD_CONSTANT; break;
    case OP_MUL: joined = DO_MUL_CONSTANT; break;
    case OP_AND: joined = DO_AND_CONSTANT; break;
    case OP_EQ: joined = DO_EQ_CONSTANT; break;
    case OP_LT: joined = DO_LT_CONSTANT; break;
    case OP_GT: joined = DO_GT_CONSTANT; break;
    case OP_SHL: joined = constant < 256 ? DO_SHL_CONSTANT : 0; break;
    case OP_SHR: joined = constant < 256 ? DO_SHR_CONSTANT : 0; break;
    case OP_MLOAD: joined = DO_MLOAD_CONSTANT; break;
    case OP_MSTORE: joined = DO_MSTORE_CONSTANT; break;
  }
  return replaceLast(joined, constant);
}

function joinCopy(op: u32, distance: u32): bool {
  let joined: u32 = 0;
  switch (op) {
    case OP_ADD: joined = DO_DUP_ADD; break;
    case OP_SUB: joined = DO_DUP_SUB; break;
    case OP_MUL: joined = DO_DUP_MUL; break;
    case OP_AND: joined = DO_DUP_AND; break;
    case OP_LT: joined = DO_DUP_LT; break;
    case OP_GT: joined = DO_DUP_GT; break;
    case OP_SLT: joined = DO_DUP_SLT; break;
    case OP_SGT: joined = DO_DUP_SGT; break;
    case OP_EQ: joined = DO_DUP_EQ; break;
    case OP_ISZERO: joined = DO_DUP_ISZERO; break;
    case OP_MLOAD: joined = DO_DUP_MLOAD; break;
    case OP_MSTORE: joined = DO_DUP_MSTORE; break;
  }
  return replaceLast(joined, distance);
}

function replaceLast(joined: u32, operand: u32): bool {
  if (joined == 0) return false;
  dropLast();
  emit(joined, operand);
  return true;
}

/** JUMP or JUMPI behind a PUSH of a JUMPDEST's offset; false: the target is known only when run. */
export function joinJump(op: u32, length: u32, jumps: usize): bool {
  if (handlerAt(last) != DO_PUSH_32) return false;
  const target = operandAt(last);
  if (target >= length || load<u32>(jumps + <usize>target * 4) == 0) return false;
  dropLast();
  if (op != OP_JUMPI) {
    emit(DO_JUMP_TO, target);
    return true;
  }
  const before = handlerAt(last);
  let joined = DO_JUMP_TO_IF;
  if (before == OP_ISZERO) joined = DO_JUMP_TO_UNLESS;
  else if (before >= OP_LT && before <= OP_EQ) joined = DO_JUMP_TO_IF_LT + (before - OP_LT);
  else if (before >= DO_NOT_LT && before <= DO_NOT_LT + 4) {
    joined = DO_JUMP_TO_UNLESS_LT + (before - DO_NOT_LT);
  }
  if (joined != DO_JUMP_TO_IF) dropLast();
  emit(joined, target);
  return true;
}
