/** Field elements in and out of their two-lane form, and the one long exponentiation. */

import { FE, mul, sqr } from './field';

const MASK51: u64 = 0x7ffffffffffff;

/** sqrt(-1), d and 2d of RFC 8032 section 5.1, little-endian words. */
const SQRT_M1_WORDS: usize = memory.data<u64>([
  0xc4ee1b274a0ea0b0, 0x2f431806ad2fe478, 0x2b4d00993dfbd7a7, 0x2b8324804fc1df0b,
]);
const D_WORDS: usize = memory.data<u64>([
  0x75eb4dca135978a3, 0x00700a4d4141d8ab, 0x8cc740797779e898, 0x52036cee2b6ffe73,
]);
const D2_WORDS: usize = memory.data<u64>([
  0xebd69b9426b2f159, 0x00e0149a8283b156, 0x198e80f2eef3d130, 0x2406d9dc56dffce7,
]);

/** The constants in both lanes; `initElements` fills them. */
export const SQRT_M1: usize = memory.data(80, 16);
export const D: usize = memory.data(80, 16);
export const D2: usize = memory.data(80, 16);

/** Canonical digits of the last `reduceLane`. */
let g0: u64 = 0;
let g1: u64 = 0;
let g2: u64 = 0;
let g3: u64 = 0;
let g4: u64 = 0;

/** Copies five digits between lanes. `lane` is 0 or 8 (a byte offset). */
export function copyLane(o: usize, oLane: usize, a: usize, aLane: usize): void {
  for (let k: usize = 0; k < FE; k += 16) {
    store<f64>(o + k + oLane, load<f64>(a + k + aLane));
  }
}

export function negateLane(o: usize, lane: usize): void {
  for (let k: usize = 0; k < FE; k += 16) store<f64>(o + k + lane, -load<f64>(o + k + lane));
}

/**
 * Reads 255 bits (bit 255 is ignored), not reduced: ZIP 215 takes encodings of y >= p. The
 * digits are not balanced yet; `weaken` both lanes before use.
 */
export function loadLane(o: usize, lane: usize, bytes: usize): void {
  const w0 = load<u64>(bytes, 0);
  const w1 = load<u64>(bytes, 8);
  const w2 = load<u64>(bytes, 16);
  const w3 = load<u64>(bytes, 24);
  store<f64>(o + lane, <f64>(w0 & MASK51), 0);
  store<f64>(o + lane, <f64>(((w0 >> 51) | (w1 << 13)) & MASK51), 16);
  store<f64>(o + lane, <f64>(((w1 >> 38) | (w2 << 26)) & MASK51), 32);
  store<f64>(o + lane, <f64>(((w2 >> 25) | (w3 << 39)) & MASK51), 48);
  store<f64>(o + lane, <f64>((w3 >> 12) & MASK51), 64);
}

/** Multiple of 2^51 nearest to x, for |x| < 2^102: one ulp of 1.5 * 2^103 is 2^51. */
// @ts-ignore: decorator
@inline
function roundDigit(x: v128): v128 {
  const magic = i64x2.splat(0x4668000000000000);
  return f64x2.sub(f64x2.add(x, magic), magic);
}

/** One parallel carry in floating point: loose (or unbalanced) digits become tight. */
export function weaken(o: usize): void {
  const down = f64x2.splat(1.0 / 2251799813685248.0);
  const x0 = v128.load(o, 0);
  const x1 = v128.load(o, 16);
  const x2 = v128.load(o, 32);
  const x3 = v128.load(o, 48);
  const x4 = v128.load(o, 64);
  const c0 = roundDigit(x0);
  const c1 = roundDigit(x1);
  const c2 = roundDigit(x2);
  const c3 = roundDigit(x3);
  const c4 = roundDigit(x4);
  const wrap = f64x2.splat(19.0 / 2251799813685248.0);
  v128.store(o, f64x2.add(f64x2.sub(x0, c0), f64x2.mul(c4, wrap)), 0);
  v128.store(o, f64x2.add(f64x2.sub(x1, c1), f64x2.mul(c0, down)), 16);
  v128.store(o, f64x2.add(f64x2.sub(x2, c2), f64x2.mul(c1, down)), 32);
  v128.store(o, f64x2.add(f64x2.sub(x3, c3), f64x2.mul(c2, down)), 48);
  v128.store(o, f64x2.add(f64x2.sub(x4, c4), f64x2.mul(c3, down)), 64);
}

/** o = a + b; loose. */
export function add(o: usize, a: usize, b: usize): void {
  for (let k: usize = 0; k < FE; k += 16) {
    v128.store(o + k, f64x2.add(v128.load(a + k), v128.load(b + k)));
  }
}

/** o = a - b; loose. */
export function sub(o: usize, a: usize, b: usize): void {
  for (let k: usize = 0; k < FE; k += 16) {
    v128.store(o + k, f64x2.sub(v128.load(a + k), v128.load(b + k)));
  }
}

/** Fully reduces one lane into the digits g0..g4, below p. */
function reduceLane(a: usize, lane: usize): void {
  // 8p by digits keeps every digit positive: loose digits are above -2^52.
  let h0: i64 = <i64>load<f64>(a + lane, 0) + 8 * (0x8000000000000 - 19);
  let h1: i64 = <i64>load<f64>(a + lane, 16) + 8 * 0x7ffffffffffff;
  let h2: i64 = <i64>load<f64>(a + lane, 32) + 8 * 0x7ffffffffffff;
  let h3: i64 = <i64>load<f64>(a + lane, 48) + 8 * 0x7ffffffffffff;
  let h4: i64 = <i64>load<f64>(a + lane, 64) + 8 * 0x7ffffffffffff;
  const m: i64 = 0x7ffffffffffff;
  for (let round = 0; round < 2; round++) {
    h1 += h0 >> 51;
    h0 &= m;
    h2 += h1 >> 51;
    h1 &= m;
    h3 += h2 >> 51;
    h2 &= m;
    h4 += h3 >> 51;
    h3 &= m;
    h0 += 19 * (h4 >> 51);
    h4 &= m;
  }
  // Now below 2^255 + 2^6: q = 1 exactly when the value is at least p.
  let q = (h0 + 19) >> 51;
  q = (h1 + q) >> 51;
  q = (h2 + q) >> 51;
  q = (h3 + q) >> 51;
  q = (h4 + q) >> 51;
  h0 += 19 * q;
  h1 += h0 >> 51;
  h2 += h1 >> 51;
  h3 += h2 >> 51;
  h4 += h3 >> 51;
  g0 = h0 & m;
  g1 = h1 & m;
  g2 = h2 & m;
  g3 = h3 & m;
  g4 = h4 & m;
}

/** Whether one lane is zero modulo p. */
export function isZeroLane(a: usize, lane: usize): bool {
  reduceLane(a, lane);
  return (g0 | g1 | g2 | g3 | g4) == 0;
}

/** The low bit of the canonical value: the "sign" of RFC 8032 section 5.1.2. */
export function parityLane(a: usize, lane: usize): i32 {
  reduceLane(a, lane);
  return <i32>(g0 & 1);
}

/** Canonical 32 bytes of one lane (self-test and table dumps only). */
export function storeLane(out: usize, a: usize, lane: usize): void {
  reduceLane(a, lane);
  store<u64>(out, g0 | (g1 << 51), 0);
  store<u64>(out, (g1 >> 13) | (g2 << 38), 8);
  store<u64>(out, (g2 >> 26) | (g3 << 25), 16);
  store<u64>(out, (g3 >> 39) | (g4 << 12), 24);
}

function broadcast(o: usize, words: usize): void {
  loadLane(o, 0, words);
  loadLane(o, 8, words);
  weaken(o);
}

/** Fills the constants; once an instance. */
export function initElements(): void {
  broadcast(SQRT_M1, SQRT_M1_WORDS);
  broadcast(D, D_WORDS);
  broadcast(D2, D2_WORDS);
}

/** A quad is two field values side by side: four elements. Interleaving hides the latency. */
export const QUAD: usize = 2 * FE;

const T0: usize = memory.data(160, 16);
const T1: usize = memory.data(160, 16);
const T2: usize = memory.data(160, 16);

export function mulQuad(o: usize, a: usize, b: usize): void {
  mul(o, a, b);
  mul(o + FE, a + FE, b + FE);
}

export function sqrQuad(o: usize, a: usize, times: i32): void {
  sqr(o, a);
  sqr(o + FE, a + FE);
  for (let i = 1; i < times; i++) {
    sqr(o, o);
    sqr(o + FE, o + FE);
  }
}

/** o = a^((p-5)/8) = a^(2^252 - 3), the usual chain of 251 squarings and 11 products. */
export function powP58Quad(o: usize, a: usize): void {
  sqrQuad(T0, a, 1);
  sqrQuad(T1, T0, 2);
  mulQuad(T1, a, T1);
  mulQuad(T0, T0, T1);
  sqrQuad(T0, T0, 1);
  mulQuad(T0, T1, T0); // 2^5 - 1
  sqrQuad(T1, T0, 5);
  mulQuad(T0, T1, T0); // 2^10 - 1
  sqrQuad(T1, T0, 10);
  mulQuad(T1, T1, T0); // 2^20 - 1
  sqrQuad(T2, T1, 20);
  mulQuad(T1, T2, T1); // 2^40 - 1
  sqrQuad(T1, T1, 10);
  mulQuad(T0, T1, T0); // 2^50 - 1
  sqrQuad(T1, T0, 50);
  mulQuad(T1, T1, T0); // 2^100 - 1
  sqrQuad(T2, T1, 100);
  mulQuad(T1, T2, T1); // 2^200 - 1
  sqrQuad(T1, T1, 50);
  mulQuad(T0, T1, T0); // 2^250 - 1
  sqrQuad(T0, T0, 2);
  mulQuad(o, T0, a);
}
