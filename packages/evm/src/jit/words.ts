/** Operations on values of 256 bits, limb by limb. Operands were read (`Emitter.read`). */
import { type Emitter, ONE, ONES, ZERO } from './emitter.ts';
import * as L from './limbs.ts';
import * as W from './wasm.ts';

const WORD = 2n ** 256n;

function boolean(e: Emitter, operand: number): number {
  return e.value(operand, ZERO, ZERO, ZERO);
}

export function addWords(e: Emitter, a: number, b: number): number {
  const r = [ZERO, ZERO, ZERO, ZERO];
  let carry = ZERO;
  for (let i = 0; i < 4; i++) {
    const x = e.limb(a, i);
    const y = e.limb(b, i);
    const sum = L.add(e, x, y);
    const total = L.add(e, sum, carry);
    r[i] = total;
    if (i < 3) carry = L.or(e, carryOf(e, x, y, sum), carryOf(e, sum, carry, total));
  }
  return e.value(r[0] as number, r[1] as number, r[2] as number, r[3] as number);
}

/** Carry of x + y, whose low 64 bits are `sum`. */
function carryOf(e: Emitter, x: number, y: number, sum: number): number {
  if (x === ZERO || y === ZERO || Math.max(e.width(x), e.width(y)) < 64) return ZERO;
  if (x < 0 && y < 0) return (e.toBigInt(x) + e.toBigInt(y)) >> 64n === 0n ? ZERO : ONE;
  return L.isBelow(e, sum, x < 0 ? x : y);
}

export function subtractWords(e: Emitter, a: number, b: number): number {
  const r = [ZERO, ZERO, ZERO, ZERO];
  let borrow = ZERO;
  for (let i = 0; i < 4; i++) {
    const x = e.limb(a, i);
    const y = e.limb(b, i);
    const difference = L.subtract(e, x, y);
    r[i] = L.subtract(e, difference, borrow);
    if (i < 3) {
      const second = borrow === ZERO ? ZERO : L.isBelow(e, difference, borrow);
      borrow = L.or(e, L.isBelow(e, x, y), second);
    }
  }
  return e.value(r[0] as number, r[1] as number, r[2] as number, r[3] as number);
}

export function isLess(e: Emitter, a: number, b: number, isSigned: boolean): number {
  let below = ZERO;
  for (let i = 0; i < 4; i++) {
    const x = e.limb(a, i);
    const y = e.limb(b, i);
    const isTop = isSigned && i === 3;
    const here = isTop ? L.isBelowSigned(e, x, y) : L.isBelow(e, x, y);
    below = below === ZERO ? here : L.or(e, here, L.and(e, L.isEqual(e, x, y), below));
  }
  return boolean(e, below);
}

export function isEqual(e: Emitter, a: number, b: number): number {
  let differing = ZERO;
  for (let i = 0; i < 4; i++) {
    differing = L.or(e, differing, L.xor(e, e.limb(a, i), e.limb(b, i)));
  }
  return boolean(e, L.isZero(e, differing));
}

/** An operand that is zero exactly when the value is. */
export function anyBit(e: Emitter, a: number): number {
  const low = L.or(e, e.limb(a, 0), e.limb(a, 1));
  return L.or(e, low, L.or(e, e.limb(a, 2), e.limb(a, 3)));
}

/** An operand that is zero exactly when the value is below 2^64. */
export function upperBits(e: Emitter, a: number): number {
  return L.or(e, e.limb(a, 1), L.or(e, e.limb(a, 2), e.limb(a, 3)));
}

export function isZeroWord(e: Emitter, a: number): number {
  return boolean(e, L.isZero(e, anyBit(e, a)));
}

type Bitwise = (e: Emitter, a: number, b: number) => number;

export function bitwise(e: Emitter, a: number, b: number, operation: Bitwise): number {
  return e.value(
    operation(e, e.limb(a, 0), e.limb(b, 0)),
    operation(e, e.limb(a, 1), e.limb(b, 1)),
    operation(e, e.limb(a, 2), e.limb(b, 2)),
    operation(e, e.limb(a, 3), e.limb(b, 3)),
  );
}

export function invert(e: Emitter, a: number): number {
  return e.value(
    L.xor(e, e.limb(a, 0), ONES),
    L.xor(e, e.limb(a, 1), ONES),
    L.xor(e, e.limb(a, 2), ONES),
    L.xor(e, e.limb(a, 3), ONES),
  );
}

export function shiftLeft(e: Emitter, a: number, bits: number): number {
  if (bits > 255) return e.value(ZERO, ZERO, ZERO, ZERO);
  const [skip, rest] = [bits >> 6, bits & 63];
  const r = [ZERO, ZERO, ZERO, ZERO];
  for (let i = skip; i < 4; i++) {
    const above = L.shiftLeft(e, e.limb(a, i - skip), rest);
    const under = rest === 0 || i === skip ? ZERO : e.limb(a, i - skip - 1);
    r[i] = L.or(e, above, under === ZERO ? ZERO : L.shiftRight(e, under, 64 - rest));
  }
  return e.value(r[0] as number, r[1] as number, r[2] as number, r[3] as number);
}

export function shiftRight(e: Emitter, a: number, bits: number, isSigned: boolean): number {
  const top = e.limb(a, 3);
  const fill = isSigned ? L.shiftRightSigned(e, top, 63) : ZERO;
  // Of a top limb below 2^63 the sign is 0.
  const ones = isSigned && e.width(top) === 64 ? fill : ZERO;
  if (bits > 255) return e.value(ones, ones, ones, ones);
  const [skip, rest] = [bits >> 6, bits & 63];
  const r = [ones, ones, ones, ones];
  for (let i = 0; i + skip < 4; i++) {
    const isTop = i + skip === 3;
    const here = e.limb(a, i + skip);
    if (isTop) {
      r[i] = isSigned ? L.shiftRightSigned(e, here, rest) : L.shiftRight(e, here, rest);
    } else {
      const over = rest === 0 ? ZERO : L.shiftLeft(e, e.limb(a, i + skip + 1), 64 - rest);
      r[i] = L.or(e, L.shiftRight(e, here, rest), over);
    }
  }
  return e.value(r[0] as number, r[1] as number, r[2] as number, r[3] as number);
}

/** BYTE with a known index, counted from the most significant byte. */
export function byteAt(e: Emitter, a: number, index: number): number {
  if (index > 31) return boolean(e, ZERO);
  const position = 31 - index;
  const shifted = L.shiftRight(e, e.limb(a, position >> 3), (position & 7) * 8);
  return boolean(e, L.and(e, shifted, e.constant(255, 0)));
}

/** SIGNEXTEND with a known index, 0 to 30. */
export function signExtend(e: Emitter, a: number, index: number): number {
  const at = index >> 3;
  const unused = 56 - (index & 7) * 8;
  const raised = L.shiftLeft(e, e.limb(a, at), unused);
  const extended = L.shiftRightSigned(e, raised, unused);
  const fill = e.width(extended) < 64 ? ZERO : L.shiftRightSigned(e, extended, 63);
  const r = [0, 1, 2, 3].map((i) => (i < at ? e.limb(a, i) : i === at ? extended : fill));
  return e.value(r[0] as number, r[1] as number, r[2] as number, r[3] as number);
}

/** Products of limbs that are left modulo 2^256. */
export function countProducts(e: Emitter, a: number, b: number): number {
  let count = 0;
  for (let i = 0; i < 4; i++) {
    if (e.limb(a, i) === ZERO) continue;
    for (let j = 0; i + j < 4; j++) if (e.limb(b, j) !== ZERO) count++;
  }
  return count;
}

/** Schoolbook product modulo 2^256, written out. */
export function multiplyInline(e: Emitter, a: number, b: number): number {
  const r = [ZERO, ZERO, ZERO, ZERO];
  for (let i = 0; i < 4; i++) {
    for (let j = 0; i + j < 4; j++) {
      const x = e.limb(a, i);
      const y = e.limb(b, j);
      if (x === ZERO || y === ZERO) continue;
      addAt(e, r, i + j, L.multiply(e, x, y));
      if (i + j < 3) addAt(e, r, i + j + 1, L.multiplyHigh(e, x, y));
    }
  }
  return e.value(r[0] as number, r[1] as number, r[2] as number, r[3] as number);
}

function addAt(e: Emitter, r: number[], column: number, operand: number): void {
  let carry = operand;
  for (let i = column; i < 4 && carry !== ZERO; i++) {
    const old = r[i] as number;
    const sum = L.add(e, old, carry);
    r[i] = sum;
    carry = i < 3 ? carryOf(e, old, carry, sum) : ZERO;
  }
}

/** Number of the bit when a word has exactly one; -1 otherwise. */
export function powerOfTwo(word: bigint): number {
  if (word === 0n || (word & (word - 1n)) !== 0n) return -1;
  return word.toString(2).length - 1;
}

/** Product of any two values: one limb each is done in place, the rest by a function. */
export function multiplyAny(e: Emitter, a: number, b: number, helper: number): number {
  const { w } = e;
  const upper = L.or(e, upperBits(e, a), upperBits(e, b));
  if (upper < 0) return callMultiply(e, a, b, helper, undefined);
  const r = [e.newLocal(64), e.newLocal(64), e.newLocal(64), e.newLocal(64)];
  e.get(upper);
  w.u8(W.I64_EQZ);
  w.u8x2(W.IF, W.NO_RESULT);
  const [x, y] = [e.limb(a, 0), e.limb(b, 0)];
  e.get(L.multiply(e, x, y));
  e.assign(r[0] as number);
  e.get(L.multiplyHigh(e, x, y));
  e.assign(r[1] as number);
  for (let i = 2; i < 4; i++) {
    e.get(ZERO);
    e.assign(r[i] as number);
  }
  w.u8(W.ELSE);
  callMultiply(e, a, b, helper, r);
  w.u8(W.END);
  return e.value(r[0] as number, r[1] as number, r[2] as number, r[3] as number);
}

function callMultiply(
  e: Emitter,
  a: number,
  b: number,
  helper: number,
  into: readonly number[] | undefined,
): number {
  for (let i = 0; i < 4; i++) e.get(e.limb(a, i));
  for (let i = 0; i < 4; i++) e.get(e.limb(b, i));
  e.w.u8(W.CALL);
  e.w.unsigned(helper);
  const r = into ?? [e.newLocal(64), e.newLocal(64), e.newLocal(64), e.newLocal(64)];
  for (let i = 3; i >= 0; i--) e.assign(r[i] as number);
  return into === undefined
    ? e.value(r[0] as number, r[1] as number, r[2] as number, r[3] as number)
    : 0;
}

/** Result of a binary opcode on two constants, the first being the top of the stack. */
export function foldBinary(opcode: number, a: bigint, b: bigint): bigint | undefined {
  switch (opcode) {
    case 0x01:
      return (a + b) % WORD;
    case 0x02:
      return (a * b) % WORD;
    case 0x03:
      return (a - b + WORD) % WORD;
    case 0x04:
      return b === 0n ? 0n : a / b;
    case 0x06:
      return b === 0n ? 0n : a % b;
    case 0x1b:
      return a > 255n ? 0n : (b << a) % WORD;
    case 0x1c:
      return a > 255n ? 0n : b >> a;
    default:
      return undefined;
  }
}
