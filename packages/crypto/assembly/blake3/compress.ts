/**
 * The compression function of BLAKE3 (paper, section 2.2) in two shapes: one block with the state
 * as four rows, and four blocks at once with one lane each.
 */

export const CHUNK_START: u32 = 1;
export const CHUNK_END: u32 = 2;
export const PARENT: u32 = 4;
export const ROOT: u32 = 8;

/** The initialisation vector, that of SHA-256. */
export const IV: usize = memory.data<u32>(
  [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  ],
  16,
);

/** Message word of each of the 16 places in each of the seven rounds. */
const SCHEDULE: usize = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
  2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8,
  3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1,
  10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6,
  12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4,
  9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7,
  11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13,
]);

/** Four blocks, transposed: word w of all four at 16 * w. */
export const BLOCK4: usize = memory.data(256, 16);
/** Four chaining values, transposed: word w of all four at 16 * w. */
export const CV4: usize = memory.data(128, 16);

// @ts-ignore: decorator
@inline
function rotate16(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

// @ts-ignore: decorator
@inline
function rotate12(x: v128): v128 {
  return v128.or(i32x4.shr_u(x, 12), i32x4.shl(x, 20));
}

// @ts-ignore: decorator
@inline
function rotate8(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
}

// @ts-ignore: decorator
@inline
function rotate7(x: v128): v128 {
  return v128.or(i32x4.shr_u(x, 7), i32x4.shl(x, 25));
}

/** Words i, i+2, i+4, i+6 of the round's order as one vector. */
// @ts-ignore: decorator
@inline
function everySecond(block: usize, s: usize, i: usize): v128 {
  let v = v128.load32_zero(block + 4 * <usize>load<u8>(s + i));
  v = v128.load32_lane(block + 4 * <usize>load<u8>(s + i, 2), v, 1);
  v = v128.load32_lane(block + 4 * <usize>load<u8>(s + i, 4), v, 2);
  return v128.load32_lane(block + 4 * <usize>load<u8>(s + i, 6), v, 3);
}

/** cv (32 bytes, in and out) = compression of the 64-byte block. */
export function compress(cv: usize, block: usize, counter: u64, length: u32, flags: u32): void {
  let a = v128.load(cv);
  let b = v128.load(cv, 16);
  let c = v128.load(IV);
  let d = i64x2.replace_lane(i64x2.splat(<i64>counter), 1, <i64>(((<u64>flags) << 32) | length));
  for (let s = SCHEDULE; s < SCHEDULE + 112; s += 16) {
    a = i32x4.add(i32x4.add(a, b), everySecond(block, s, 0));
    d = rotate16(v128.xor(d, a));
    c = i32x4.add(c, d);
    b = rotate12(v128.xor(b, c));
    a = i32x4.add(i32x4.add(a, b), everySecond(block, s, 1));
    d = rotate8(v128.xor(d, a));
    c = i32x4.add(c, d);
    b = rotate7(v128.xor(b, c));
    // Diagonals become columns.
    b = v128.shuffle<i32>(b, b, 1, 2, 3, 0);
    c = v128.shuffle<i32>(c, c, 2, 3, 0, 1);
    d = v128.shuffle<i32>(d, d, 3, 0, 1, 2);
    a = i32x4.add(i32x4.add(a, b), everySecond(block, s, 8));
    d = rotate16(v128.xor(d, a));
    c = i32x4.add(c, d);
    b = rotate12(v128.xor(b, c));
    a = i32x4.add(i32x4.add(a, b), everySecond(block, s, 9));
    d = rotate8(v128.xor(d, a));
    c = i32x4.add(c, d);
    b = rotate7(v128.xor(b, c));
    b = v128.shuffle<i32>(b, b, 3, 0, 1, 2);
    c = v128.shuffle<i32>(c, c, 2, 3, 0, 1);
    d = v128.shuffle<i32>(d, d, 1, 2, 3, 0);
  }
  v128.store(cv, v128.xor(a, c));
  v128.store(cv, v128.xor(b, d), 16);
}

/** Loads four blocks that lie `stride` bytes apart into BLOCK4, and the IV into CV4 if `fresh`. */
export function loadFour(block: usize, stride: usize, fresh: bool): void {
  for (let part: usize = 0; part < 64; part += 16) {
    transpose(BLOCK4 + 4 * part, block + part, stride);
  }
  if (!fresh) return;
  for (let w: usize = 0; w < 8; w++) v128.store(CV4 + 16 * w, v128.load32_splat(IV + 4 * w));
}

/** Words 4i..4i+3 of four blocks: rows become columns. */
// @ts-ignore: decorator
@inline
function transpose(to: usize, from: usize, stride: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + stride);
  const r2 = v128.load(from + 2 * stride);
  const r3 = v128.load(from + 3 * stride);
  const t0 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const t1 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const t2 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const t3 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(t0, t1, 0, 2));
  v128.store(to, v128.shuffle<i64>(t0, t1, 1, 3), 16);
  v128.store(to, v128.shuffle<i64>(t2, t3, 0, 2), 32);
  v128.store(to, v128.shuffle<i64>(t2, t3, 1, 3), 48);
}

// @ts-ignore: decorator
@inline
function word4(s: usize, i: usize): v128 {
  return v128.load(BLOCK4 + 16 * <usize>load<u8>(s + i));
}

/**
 * CV4 (in and out) = compression of BLOCK4, whose lanes are `counter` and, times `step` (0 or 1),
 * the three after it. The low half never carries inside a group: groups start at multiples of 4.
 */
export function compress4(counter: u64, step: i32, flags: u32): void {
  let v0 = v128.load(CV4, 0);
  let v1 = v128.load(CV4, 16);
  let v2 = v128.load(CV4, 32);
  let v3 = v128.load(CV4, 48);
  let v4 = v128.load(CV4, 64);
  let v5 = v128.load(CV4, 80);
  let v6 = v128.load(CV4, 96);
  let v7 = v128.load(CV4, 112);
  let v8 = v128.load32_splat(IV, 0);
  let v9 = v128.load32_splat(IV, 4);
  let v10 = v128.load32_splat(IV, 8);
  let v11 = v128.load32_splat(IV, 12);
  let v12 = i32x4.add(i32x4.splat(<i32>counter), i32x4.mul(i32x4.splat(step), i32x4(0, 1, 2, 3)));
  let v13 = i32x4.splat(<i32>(counter >> 32));
  let v14 = i32x4.splat(64);
  let v15 = i32x4.splat(flags);
  for (let s = SCHEDULE; s < SCHEDULE + 112; s += 16) {
    v0 = i32x4.add(i32x4.add(v0, v4), word4(s, 0));
    v12 = rotate16(v128.xor(v12, v0));
    v8 = i32x4.add(v8, v12);
    v4 = rotate12(v128.xor(v4, v8));
    v0 = i32x4.add(i32x4.add(v0, v4), word4(s, 1));
    v12 = rotate8(v128.xor(v12, v0));
    v8 = i32x4.add(v8, v12);
    v4 = rotate7(v128.xor(v4, v8));
    v1 = i32x4.add(i32x4.add(v1, v5), word4(s, 2));
    v13 = rotate16(v128.xor(v13, v1));
    v9 = i32x4.add(v9, v13);
    v5 = rotate12(v128.xor(v5, v9));
    v1 = i32x4.add(i32x4.add(v1, v5), word4(s, 3));
    v13 = rotate8(v128.xor(v13, v1));
    v9 = i32x4.add(v9, v13);
    v5 = rotate7(v128.xor(v5, v9));
    v2 = i32x4.add(i32x4.add(v2, v6), word4(s, 4));
    v14 = rotate16(v128.xor(v14, v2));
    v10 = i32x4.add(v10, v14);
    v6 = rotate12(v128.xor(v6, v10));
    v2 = i32x4.add(i32x4.add(v2, v6), word4(s, 5));
    v14 = rotate8(v128.xor(v14, v2));
    v10 = i32x4.add(v10, v14);
    v6 = rotate7(v128.xor(v6, v10));
    v3 = i32x4.add(i32x4.add(v3, v7), word4(s, 6));
    v15 = rotate16(v128.xor(v15, v3));
    v11 = i32x4.add(v11, v15);
    v7 = rotate12(v128.xor(v7, v11));
    v3 = i32x4.add(i32x4.add(v3, v7), word4(s, 7));
    v15 = rotate8(v128.xor(v15, v3));
    v11 = i32x4.add(v11, v15);
    v7 = rotate7(v128.xor(v7, v11));
    v0 = i32x4.add(i32x4.add(v0, v5), word4(s, 8));
    v15 = rotate16(v128.xor(v15, v0));
    v10 = i32x4.add(v10, v15);
    v5 = rotate12(v128.xor(v5, v10));
    v0 = i32x4.add(i32x4.add(v0, v5), word4(s, 9));
    v15 = rotate8(v128.xor(v15, v0));
    v10 = i32x4.add(v10, v15);
    v5 = rotate7(v128.xor(v5, v10));
    v1 = i32x4.add(i32x4.add(v1, v6), word4(s, 10));
    v12 = rotate16(v128.xor(v12, v1));
    v11 = i32x4.add(v11, v12);
    v6 = rotate12(v128.xor(v6, v11));
    v1 = i32x4.add(i32x4.add(v1, v6), word4(s, 11));
    v12 = rotate8(v128.xor(v12, v1));
    v11 = i32x4.add(v11, v12);
    v6 = rotate7(v128.xor(v6, v11));
    v2 = i32x4.add(i32x4.add(v2, v7), word4(s, 12));
    v13 = rotate16(v128.xor(v13, v2));
    v8 = i32x4.add(v8, v13);
    v7 = rotate12(v128.xor(v7, v8));
    v2 = i32x4.add(i32x4.add(v2, v7), word4(s, 13));
    v13 = rotate8(v128.xor(v13, v2));
    v8 = i32x4.add(v8, v13);
    v7 = rotate7(v128.xor(v7, v8));
    v3 = i32x4.add(i32x4.add(v3, v4), word4(s, 14));
    v14 = rotate16(v128.xor(v14, v3));
    v9 = i32x4.add(v9, v14);
    v4 = rotate12(v128.xor(v4, v9));
    v3 = i32x4.add(i32x4.add(v3, v4), word4(s, 15));
    v14 = rotate8(v128.xor(v14, v3));
    v9 = i32x4.add(v9, v14);
    v4 = rotate7(v128.xor(v4, v9));
  }
  v128.store(CV4, v128.xor(v0, v8), 0);
  v128.store(CV4, v128.xor(v1, v9), 16);
  v128.store(CV4, v128.xor(v2, v10), 32);
  v128.store(CV4, v128.xor(v3, v11), 48);
  v128.store(CV4, v128.xor(v4, v12), 64);
  v128.store(CV4, v128.xor(v5, v13), 80);
  v128.store(CV4, v128.xor(v6, v14), 96);
  v128.store(CV4, v128.xor(v7, v15), 112);
}
