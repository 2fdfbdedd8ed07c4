/** Integers modulo the group order L = 2^252 + DELTA, and the sums of products of a batch. */

/** Low 125 bits of L, as u32 words. */
const DELTA: usize = memory.data<u32>([0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de]);
const ORDER: usize = memory.data<u64>([
  0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0x0000000000000000, 0x1000000000000000,
]);

/** u64 columns of a sum of products, and the words made of them. */
export const COLUMNS: usize = 24;
const REMAINDER: usize = memory.data(72, 16);
const WORDS: usize = memory.data(112, 16);

/** S < L, strictly (RFC 8032 section 5.1.7 step 1; kept by ZIP 215). */
export function isBelowOrder(s: usize): bool {
  for (let i: i32 = 24; i >= 0; i -= 8) {
    const a = load<u64>(s + i);
    const b = load<u64>(ORDER + i);
    if (a != b) return a < b;
  }
  return false;
}

/**
 * acc += z * k, with z of four and k of `words` u32 words. A column takes at most eight 32-bit
 * terms a call, so 2^29 calls would be needed to overflow; a batch has 2^11.
 */
export function addProduct(acc: usize, z: usize, k: usize, words: usize): void {
  const z0 = <u64>load<u32>(z, 0);
  const z1 = <u64>load<u32>(z, 4);
  const z2 = <u64>load<u32>(z, 8);
  const z3 = <u64>load<u32>(z, 12);
  // A sliding window of four column sums: each column is written once.
  let c0: u64 = 0;
  let c1: u64 = 0;
  let c2: u64 = 0;
  let c3: u64 = 0;
  let p = acc;
  for (let j: usize = 0; j < words; j++) {
    const w = <u64>load<u32>(k + 4 * j);
    const p0 = z0 * w;
    const p1 = z1 * w;
    const p2 = z2 * w;
    const p3 = z3 * w;
    store<u64>(p, load<u64>(p) + c0 + (p0 & 0xffffffff));
    c0 = c1 + (p0 >> 32) + (p1 & 0xffffffff);
    c1 = c2 + (p1 >> 32) + (p2 & 0xffffffff);
    c2 = c3 + (p2 >> 32) + (p3 & 0xffffffff);
    c3 = p3 >> 32;
    p += 8;
  }
  store<u64>(p, load<u64>(p, 0) + c0, 0);
  store<u64>(p, load<u64>(p, 8) + c1, 8);
  store<u64>(p, load<u64>(p, 16) + c2, 16);
  store<u64>(p, load<u64>(p, 24) + c3, 24);
}

/** r = (r * 2^32 + w) mod L, r in eight u64 cells of 32 bits. */
function shiftIn(r: usize, w: u64): void {
  const v8 = load<u64>(r, 56);
  for (let i: usize = 56; i > 0; i -= 8) store<u64>(r + i, load<u64>(r + i - 8));
  store<u64>(r, w);
  const v7 = load<u64>(r, 56);
  // Quotient by 2^252; at most 2^32, so q * word + carry stays within 64 bits.
  const q = (v8 << 4) | (v7 >> 28);
  store<u64>(r, v7 & 0x0fffffff, 56);
  let carry: u64 = 0;
  let borrow: u64 = 0;
  for (let i: usize = 0; i < 8; i++) {
    let take: u64 = carry;
    if (i < 4) take += q * <u64>load<u32>(DELTA + 4 * i);
    carry = take >> 32;
    const t = load<u64>(r + 8 * i) - (take & 0xffffffff) - borrow;
    borrow = t >> 63;
    store<u64>(r + 8 * i, t & 0xffffffff);
  }
  if (borrow) addOrder(r);
}

function addOrder(r: usize): void {
  let carry: u64 = 0;
  for (let i: usize = 0; i < 8; i++) {
    const t = load<u64>(r + 8 * i) + <u64>load<u32>(ORDER + 4 * i) + carry;
    carry = t >> 32;
    store<u64>(r + 8 * i, t & 0xffffffff);
  }
}

/** out (32 bytes) = words (little-endian u32, `count` of them) mod L. */
export function reduceWords(out: usize, words: usize, count: i32): void {
  memory.fill(REMAINDER, 0, 72);
  for (let i = count - 1; i >= 0; i--) shiftIn(REMAINDER, <u64>load<u32>(words + 4 * <usize>i));
  for (let i: usize = 0; i < 8; i++) store<u32>(out + 4 * i, <u32>load<u64>(REMAINDER + 8 * i));
}

/** out (32 bytes) = the columns of a sum of products, mod L. */
export function reduceColumns(out: usize, acc: usize): void {
  let carry: u64 = 0;
  for (let i: usize = 0; i < 24; i++) {
    const t = load<u64>(acc + 8 * i) + carry;
    store<u32>(WORDS + 4 * i, <u32>t);
    carry = t >> 32;
  }
  store<u64>(WORDS + 96, carry);
  reduceWords(out, WORDS, 26);
}

/** out = (a - b) mod L, both below L. */
export function subtractScalar(out: usize, a: usize, b: usize): void {
  let borrow: u64 = 0;
  for (let i: usize = 0; i < 8; i++) {
    const t = <u64>load<u32>(a + 4 * i) - <u64>load<u32>(b + 4 * i) - borrow;
    borrow = t >> 63;
    store<u64>(REMAINDER + 8 * i, t & 0xffffffff);
  }
  if (borrow) addOrder(REMAINDER);
  for (let i: usize = 0; i < 8; i++) store<u32>(out + 4 * i, <u32>load<u64>(REMAINDER + 8 * i));
}
