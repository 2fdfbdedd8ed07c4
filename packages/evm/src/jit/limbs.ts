/** Operations on operands of 64 bits; constants fold. */
import { type Emitter, ONE, ONES, ZERO } from './emitter.ts';
import * as W from './wasm.ts';

function binary(e: Emitter, opcode: number, a: number, b: number, bits: number): number {
  e.get(a);
  e.get(b);
  e.w.u8(opcode);
  return e.take(bits > 64 ? 64 : bits);
}

/** A comparison: gives 0 or 1. */
function compare(e: Emitter, opcode: number, a: number, b: number): number {
  e.get(a);
  e.get(b);
  e.w.u8x2(opcode, W.I64_EXTEND_I32_U);
  return e.take(1);
}

export function and(e: Emitter, a: number, b: number): number {
  if (a === ZERO || b === ZERO) return ZERO;
  if (a === ONES || a === b || (a === ONE && e.width(b) === 1)) return b;
  if (b === ONES || (b === ONE && e.width(a) === 1)) return a;
  if (a < 0 && b < 0) return e.constant(e.low(a) & e.low(b), e.high(a) & e.high(b));
  return binary(e, W.I64_AND, a, b, Math.min(e.width(a), e.width(b)));
}

export function or(e: Emitter, a: number, b: number): number {
  if (a === ZERO || a === b) return b;
  if (b === ZERO) return a;
  if (a === ONES || b === ONES) return ONES;
  if (a < 0 && b < 0) return e.constant(e.low(a) | e.low(b), e.high(a) | e.high(b));
  return binary(e, W.I64_OR, a, b, Math.max(e.width(a), e.width(b)));
}

export function xor(e: Emitter, a: number, b: number): number {
  if (a === ZERO) return b;
  if (b === ZERO) return a;
  if (a === b) return ZERO;
  if (a < 0 && b < 0) return e.constant(e.low(a) ^ e.low(b), e.high(a) ^ e.high(b));
  return binary(e, W.I64_XOR, a, b, Math.max(e.width(a), e.width(b)));
}

export function add(e: Emitter, a: number, b: number): number {
  if (a === ZERO) return b;
  if (b === ZERO) return a;
  if (a < 0 && b < 0) return e.fromBigInt(e.toBigInt(a) + e.toBigInt(b));
  return binary(e, W.I64_ADD, a, b, Math.max(e.width(a), e.width(b)) + 1);
}

export function subtract(e: Emitter, a: number, b: number): number {
  if (b === ZERO) return a;
  if (a === b) return ZERO;
  if (a < 0 && b < 0) return e.fromBigInt(e.toBigInt(a) - e.toBigInt(b));
  return binary(e, W.I64_SUB, a, b, 64);
}

export function multiply(e: Emitter, a: number, b: number): number {
  if (a === ZERO || b === ZERO) return ZERO;
  if (a === ONE) return b;
  if (b === ONE) return a;
  if (a < 0 && b < 0) return e.fromBigInt(e.toBigInt(a) * e.toBigInt(b));
  return binary(e, W.I64_MUL, a, b, e.width(a) + e.width(b));
}

/** a << bits, 0 to 63. */
export function shiftLeft(e: Emitter, a: number, bits: number): number {
  if (bits === 0 || a === ZERO) return a;
  if (a < 0) return e.fromBigInt(e.toBigInt(a) << BigInt(bits));
  return binary(e, W.I64_SHL, a, e.constant(bits, 0), e.width(a) + bits);
}

/** a >> bits unsigned, 0 to 63. */
export function shiftRight(e: Emitter, a: number, bits: number): number {
  if (bits === 0 || a === ZERO) return a;
  if (e.width(a) <= bits) return ZERO;
  if (a < 0) return e.fromBigInt(e.toBigInt(a) >> BigInt(bits));
  return binary(e, W.I64_SHR_U, a, e.constant(bits, 0), e.width(a) - bits);
}

/** a >> bits, two's complement. */
export function shiftRightSigned(e: Emitter, a: number, bits: number): number {
  if (e.width(a) < 64) return shiftRight(e, a, bits);
  if (bits === 0) return a;
  if (a < 0) return e.fromBigInt(BigInt.asIntN(64, e.toBigInt(a)) >> BigInt(bits));
  return binary(e, W.I64_SHR_S, a, e.constant(bits, 0), 64);
}

export function isBelow(e: Emitter, a: number, b: number): number {
  if (b === ZERO || a === b) return ZERO;
  if (a < 0 && b < 0) return e.toBigInt(a) < e.toBigInt(b) ? ONE : ZERO;
  return compare(e, W.I64_LT_U, a, b);
}

export function isBelowSigned(e: Emitter, a: number, b: number): number {
  if (a === b) return ZERO;
  if (a < 0 && b < 0) {
    return BigInt.asIntN(64, e.toBigInt(a)) < BigInt.asIntN(64, e.toBigInt(b)) ? ONE : ZERO;
  }
  return compare(e, W.I64_LT_S, a, b);
}

export function isEqual(e: Emitter, a: number, b: number): number {
  if (a === b) return ONE;
  if (a < 0 && b < 0) return e.low(a) === e.low(b) && e.high(a) === e.high(b) ? ONE : ZERO;
  if (b === ZERO) return isZero(e, a);
  if (a === ZERO) return isZero(e, b);
  return compare(e, W.I64_EQ, a, b);
}

export function isZero(e: Emitter, a: number): number {
  if (a < 0) return a === ZERO ? ONE : ZERO;
  e.get(a);
  e.w.u8x2(W.I64_EQZ, W.I64_EXTEND_I32_U);
  return e.take(1);
}

/** Upper 64 bits of a * b, of four products of 32 bits. */
export function multiplyHigh(e: Emitter, a: number, b: number): number {
  if (e.width(a) + e.width(b) <= 64) return ZERO;
  const mask = e.constant(-1, 0);
  const [aLow, aHigh] = [low32(e, a, mask), shiftRight(e, a, 32)];
  const [bLow, bHigh] = [low32(e, b, mask), shiftRight(e, b, 32)];
  const lows = shiftRight(e, multiply(e, aLow, bLow), 32);
  const middle = add(e, multiply(e, aHigh, bLow), lows);
  const cross = add(e, multiply(e, aLow, bHigh), low32(e, middle, mask));
  const highs = add(e, multiply(e, aHigh, bHigh), shiftRight(e, middle, 32));
  return add(e, highs, shiftRight(e, cross, 32));
}

function low32(e: Emitter, a: number, mask: number): number {
  return e.width(a) <= 32 ? a : and(e, a, mask);
}
