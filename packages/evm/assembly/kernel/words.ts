// Words on the stack: 32 bytes, four u64, least first. `sp` is the address of the top item; the
// item below lies 32 bytes lower. Operations of two operands write over the lower one; the caller
// moves sp. Operands are mostly small, so those that gain from it try 64 bits first.

// @ts-ignore: decorator
@inline
export function copyWord(to: usize, from: usize): void {
  const l0 = load<u64>(from);
  const l1 = load<u64>(from, 8);
  const l2 = load<u64>(from, 16);
  const l3 = load<u64>(from, 24);
  store<u64>(to, l0);
  store<u64>(to, l1, 8);
  store<u64>(to, l2, 16);
  store<u64>(to, l3, 24);
}

// @ts-ignore: decorator
@inline
export function setWord(to: usize, low: u64): void {
  store<u64>(to, low);
  store<u64>(to, 0, 8);
  store<u64>(to, 0, 16);
  store<u64>(to, 0, 24);
}

// @ts-ignore: decorator
@inline
export function isZeroWord(at: usize): bool {
  return (load<u64>(at) | load<u64>(at, 8) | load<u64>(at, 16) | load<u64>(at, 24)) == 0;
}

/** The three upper limbs are zero. */
// @ts-ignore: decorator
@inline
export function isSmall(at: usize): bool {
  return (load<u64>(at, 8) | load<u64>(at, 16) | load<u64>(at, 24)) == 0;
}

// @ts-ignore: decorator
@inline
export function equalWords(a: usize, b: usize): bool {
  return (
    ((load<u64>(a) ^ load<u64>(b)) |
      (load<u64>(a, 8) ^ load<u64>(b, 8)) |
      (load<u64>(a, 16) ^ load<u64>(b, 16)) |
      (load<u64>(a, 24) ^ load<u64>(b, 24))) ==
    0
  );
}

/** to = a + b modulo 2^256. `to` may be either operand. */
// @ts-ignore: decorator
@inline
export function addWords(to: usize, a: usize, b: usize): void {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const a3 = load<u64>(a, 24);
  const b0 = load<u64>(b);
  const b1 = load<u64>(b, 8);
  const b2 = load<u64>(b, 16);
  const b3 = load<u64>(b, 24);
  const r0 = a0 + b0;
  const c0 = u64(r0 < a0);
  const t1 = a1 + b1;
  const r1 = t1 + c0;
  const c1 = u64(t1 < a1) | u64(r1 < t1);
  const t2 = a2 + b2;
  const r2 = t2 + c1;
  const c2 = u64(t2 < a2) | u64(r2 < t2);
  store<u64>(to, r0);
  store<u64>(to, r1, 8);
  store<u64>(to, r2, 16);
  store<u64>(to, a3 + b3 + c2, 24);
}

/** to = a + low. */
// @ts-ignore: decorator
@inline
export function addSmall(to: usize, a: usize, low: u64): void {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const r0 = a0 + low;
  const r1 = a1 + u64(r0 < a0);
  const c1 = u64(r1 < a1);
  const r2 = a2 + c1;
  store<u64>(to, r0);
  store<u64>(to, r1, 8);
  store<u64>(to, r2, 16);
  store<u64>(to, load<u64>(a, 24) + u64(r2 < c1), 24);
}

/** to = a - b modulo 2^256. */
// @ts-ignore: decorator
@inline
export function subtractWords(to: usize, a: usize, b: usize): void {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const a3 = load<u64>(a, 24);
  const b0 = load<u64>(b);
  const b1 = load<u64>(b, 8);
  const b2 = load<u64>(b, 16);
  const b3 = load<u64>(b, 24);
  const c0 = u64(a0 < b0);
  const t1 = a1 - b1;
  const c1 = u64(a1 < b1) | u64(t1 < c0);
  const t2 = a2 - b2;
  const c2 = u64(a2 < b2) | u64(t2 < c1);
  store<u64>(to, a0 - b0);
  store<u64>(to, t1 - c0, 8);
  store<u64>(to, t2 - c1, 16);
  store<u64>(to, a3 - b3 - c2, 24);
}

/** a < b, unsigned. */
// @ts-ignore: decorator
@inline
export function isLess(a: usize, b: usize): bool {
  const a3 = load<u64>(a, 24);
  const b3 = load<u64>(b, 24);
  const a2 = load<u64>(a, 16);
  const b2 = load<u64>(b, 16);
  const a1 = load<u64>(a, 8);
  const b1 = load<u64>(b, 8);
  if (((a3 ^ b3) | (a2 ^ b2) | (a1 ^ b1)) == 0) return load<u64>(a) < load<u64>(b);
  if (a3 != b3) return a3 < b3;
  if (a2 != b2) return a2 < b2;
  return a1 < b1;
}

/** a < b, two's complement. */
// @ts-ignore: decorator
@inline
export function isLessSigned(a: usize, b: usize): bool {
  const a3 = load<i64>(a, 24);
  const b3 = load<i64>(b, 24);
  if (a3 != b3) return a3 < b3;
  return isLess(a, b);
}

// @ts-ignore: decorator
@inline
export function isNegative(at: usize): bool {
  return load<i64>(at, 24) < 0;
}

/** to = -a. */
export function negateWord(to: usize, a: usize): void {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const a3 = load<u64>(a, 24);
  const r0 = 0 - a0;
  const c0 = u64(r0 == 0);
  const r1 = ~a1 + c0;
  const c1 = c0 & u64(r1 == 0);
  const r2 = ~a2 + c1;
  const c2 = c1 & u64(r2 == 0);
  store<u64>(to, r0);
  store<u64>(to, r1, 8);
  store<u64>(to, r2, 16);
  store<u64>(to, ~a3 + c2, 24);
}

// @ts-ignore: decorator
@inline
export function swapWords(a: usize, b: usize): void {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const a3 = load<u64>(a, 24);
  copyWord(a, b);
  store<u64>(b, a0);
  store<u64>(b, a1, 8);
  store<u64>(b, a2, 16);
  store<u64>(b, a3, 24);
}

/** The value of byte `index` counted from the most significant; zero beyond 31. */
export function byteOf(value: usize, index: usize): u64 {
  if (!isSmall(index)) return 0;
  const position = load<u64>(index);
  return position < 32 ? u64(load<u8>(value + 31 - <usize>position)) : 0;
}

/** Copies the sign bit of byte `index` (from the least significant) over all bytes above it. */
export function signExtend(value: usize, index: usize): void {
  if (!isSmall(index)) return;
  const position = load<u64>(index);
  if (position > 30) return;
  const limb = <usize>(position >> 3) << 3;
  const shift = 56 - ((position & 7) << 3);
  const extended = (load<i64>(value + limb) << shift) >> shift;
  store<i64>(value + limb, extended);
  const fill = extended >> 63;
  for (let at = limb + 8; at < 32; at += 8) store<i64>(value + at, fill);
}

/** Number of zero bits above the highest set bit; 256 for zero. */
export function countLeadingZeros(at: usize): u64 {
  const l3 = load<u64>(at, 24);
  if (l3 != 0) return clz(l3);
  const l2 = load<u64>(at, 16);
  if (l2 != 0) return 64 + clz(l2);
  const l1 = load<u64>(at, 8);
  if (l1 != 0) return 128 + clz(l1);
  return 192 + clz(load<u64>(at));
}

/** The low 64 bits, or 2^64 - 1 when the word is larger. */
// @ts-ignore: decorator
@inline
export function clampWord(at: usize): u64 {
  return isSmall(at) ? load<u64>(at) : u64.MAX_VALUE;
}

// @ts-ignore: decorator
@inline
export function andWords(to: usize, a: usize, b: usize): void {
  store<u64>(to, load<u64>(a) & load<u64>(b));
  store<u64>(to, load<u64>(a, 8) & load<u64>(b, 8), 8);
  store<u64>(to, load<u64>(a, 16) & load<u64>(b, 16), 16);
  store<u64>(to, load<u64>(a, 24) & load<u64>(b, 24), 24);
}

// @ts-ignore: decorator
@inline
export function orWords(to: usize, a: usize, b: usize): void {
  store<u64>(to, load<u64>(a) | load<u64>(b));
  store<u64>(to, load<u64>(a, 8) | load<u64>(b, 8), 8);
  store<u64>(to, load<u64>(a, 16) | load<u64>(b, 16), 16);
  store<u64>(to, load<u64>(a, 24) | load<u64>(b, 24), 24);
}

// @ts-ignore: decorator
@inline
export function xorWords(to: usize, a: usize, b: usize): void {
  store<u64>(to, load<u64>(a) ^ load<u64>(b));
  store<u64>(to, load<u64>(a, 8) ^ load<u64>(b, 8), 8);
  store<u64>(to, load<u64>(a, 16) ^ load<u64>(b, 16), 16);
  store<u64>(to, load<u64>(a, 24) ^ load<u64>(b, 24), 24);
}

// @ts-ignore: decorator
@inline
export function notWord(at: usize): void {
  store<u64>(at, ~load<u64>(at));
  store<u64>(at, ~load<u64>(at, 8), 8);
  store<u64>(at, ~load<u64>(at, 16), 16);
  store<u64>(at, ~load<u64>(at, 24), 24);
}

/** to = a - low. */
// @ts-ignore: decorator
@inline
export function subtractSmall(to: usize, a: usize, low: u64): void {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const c0 = u64(a0 < low);
  const c1 = u64(a1 < c0);
  const c2 = u64(a2 < c1);
  store<u64>(to, a0 - low);
  store<u64>(to, a1 - c0, 8);
  store<u64>(to, a2 - c1, 16);
  store<u64>(to, load<u64>(a, 24) - c2, 24);
}

// @ts-ignore: decorator
@inline
export function isEqualSmall(at: usize, low: u64): bool {
  return ((load<u64>(at) ^ low) | load<u64>(at, 8) | load<u64>(at, 16) | load<u64>(at, 24)) == 0;
}

// @ts-ignore: decorator
@inline
export function isBelow(at: usize, low: u64): bool {
  return isSmall(at) && load<u64>(at) < low;
}

// @ts-ignore: decorator
@inline
export function isAtMost(at: usize, low: u64): bool {
  return isSmall(at) && load<u64>(at) <= low;
}
