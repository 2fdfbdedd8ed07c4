/**
 * GF(2^255 - 19), two independent elements per value, in f64x2 lanes.
 *
 * WebAssembly has no 64x64->128 multiply, and the 32x32->64 SIMD multiply costs two shuffles a
 * product in V8. The fused multiply-add of relaxed SIMD gives a 51x51->102 bit product in two
 * instructions instead (Emmart's split): with |p| < 2^102, p = a*b,
 *
 *   hi = fma(a, b, 1.5*2^103)               = 1.5*2^103 + H*2^51    (one ulp there is 2^51)
 *   lo = fma(a, b, 1.5*2^103+3*2^51 - hi)   = 1.5*2^52  + L         (one ulp there is 1)
 *
 * with p = H*2^51 + L exactly. The bit patterns of hi and lo are then summed as 64-bit integers
 * and the constant patterns are subtracted once a column. This needs a true FMA (one rounding):
 * `fmaIsFused` is the self-test, and the host refuses the kernel where it fails.
 *
 * Value: five balanced digits in radix 2^51, stored as five v128 (80 bytes), lane 0 and lane 1
 * being two different field elements. "Tight" digits: |x| <= 2^50 + 2^15, what every product
 * returns. "Loose": a sum or difference of two tight values. A product takes tight x loose.
 */

/** Bytes of one two-lane field value. */
export const FE: usize = 80;

const MASK51: i64 = 0x7ffffffffffff;
/** Bit patterns of 1.5*2^103 and 1.5*2^52. */
const BITS_HI: i64 = 0x4668000000000000;
const BITS_LO: i64 = 0x4338000000000000;
/** Half a digit: adding it before the mask and taking it off after makes digits balanced. */
const HALF: i64 = 1 << 50;
/**
 * 2^9 * p by digits: makes every column sum positive before the logical shift of the carry.
 * Columns stay below 10 * 2^50 * (1 + 19) < 2^58, butterflies below 2^59; these digits are 2^60.
 */
const BIAS_0: i64 = 512 * (0x8000000000000 - 19);
const BIAS_N: i64 = 512 * (0x8000000000000 - 1);

/** Constant of output digit k: bias + half - patterns of `l` low and `h` high product parts. */
// @ts-ignore: decorator
@inline
function columnConstant(bias: i64, l: i64, h: i64, l5: i64, h5: i64): i64 {
  return bias + HALF - (l * BITS_LO + h * BITS_HI) - 19 * (l5 * BITS_LO + h5 * BITS_HI);
}

// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return f64x2.relaxed_madd(a, b, i64x2.splat(BITS_HI));
}

// @ts-ignore: decorator
@inline
function low(a: v128, b: v128, h: v128): v128 {
  return f64x2.relaxed_madd(a, b, f64x2.sub(i64x2.splat(BITS_HI + 3), h));
}

// @ts-ignore: decorator
@inline
function times19(x: v128): v128 {
  return i64x2.add(i64x2.add(i64x2.shl(x, 4), i64x2.shl(x, 1)), x);
}

// @ts-ignore: decorator
@inline
function digit(t: v128, carry: v128): v128 {
  const d = i64x2.add(v128.and(t, i64x2.splat(MASK51)), carry);
  // 0x433 is the exponent of 2^52: the integer below it becomes a double by subtraction.
  return f64x2.sub(
    i64x2.add(d, i64x2.splat(0x4330000000000000)),
    f64x2.splat(4503599627370496.0 + 1125899906842624.0),
  );
}

/** One parallel carry over five positive columns, stored as tight digits at `o`. */
// @ts-ignore: decorator
@inline
function carryStore(o: usize, t0: v128, t1: v128, t2: v128, t3: v128, t4: v128): void {
  v128.store(o, digit(t0, times19(i64x2.shr_u(t4, 51))), 0);
  v128.store(o, digit(t1, i64x2.shr_u(t0, 51)), 16);
  v128.store(o, digit(t2, i64x2.shr_u(t1, 51)), 32);
  v128.store(o, digit(t3, i64x2.shr_u(t2, 51)), 48);
  v128.store(o, digit(t4, i64x2.shr_u(t3, 51)), 64);
}

/** What happens to the columns of a product (p0 | p1) before the carry. */
export const PLAIN: i32 = 0;
/** (p0 | p1) -> (p1 - p0 | p1 + p0) */
export const BUTTERFLY: i32 = 1;
/** (p0 | p1) -> (p0 - p1 | p0 + p1) */
export const BUTTERFLY_DUP: i32 = 2;

/**
 * Combine lanes as integers, before the carry, so that sums leave as tight digits for free.
 * ~x = -x - 1, and the lost 1 comes back in `fix`; the bias of a difference cancels, so it is
 * added here and not in the column constants.
 */
// @ts-ignore: decorator
@inline
function combine(t: v128, bias: i64, mode: i32): v128 {
  const notLane0 = i64x2(-1, 0);
  const fix = i64x2(bias + HALF + 1, bias + HALF);
  if (mode == BUTTERFLY) {
    const swapped = v128.shuffle<i64>(t, t, 1, 0);
    return i64x2.add(i64x2.add(swapped, v128.xor(t, notLane0)), fix);
  }
  const first = v128.shuffle<i64>(t, t, 0, 0);
  const second = v128.shuffle<i64>(t, t, 1, 1);
  return i64x2.add(i64x2.add(first, v128.xor(second, notLane0)), fix);
}

// @ts-ignore: decorator
@inline
function productConstant(k: i32, mode: i32, l: i64, h: i64, l5: i64, h5: i64): v128 {
  const bias = k == 0 ? BIAS_0 : BIAS_N;
  return i64x2.splat(columnConstant(mode == PLAIN ? bias : -HALF, l, h, l5, h5));
}

// @ts-ignore: decorator
@inline
function finish(
  o: usize,
  r0: v128,
  r1: v128,
  r2: v128,
  r3: v128,
  r4: v128,
  mode: i32,
): void {
  if (mode == PLAIN) {
    carryStore(o, r0, r1, r2, r3, r4);
  } else {
    carryStore(
      o,
      combine(r0, BIAS_0, mode),
      combine(r1, BIAS_N, mode),
      combine(r2, BIAS_N, mode),
      combine(r3, BIAS_N, mode),
      combine(r4, BIAS_N, mode),
    );
  }
}

/** Product by columns; the digits of `a` and `b` are given as registers. */
// @ts-ignore: decorator
@inline
function multiplyDigits(
  o: usize,
  a0: v128,
  a1: v128,
  a2: v128,
  a3: v128,
  a4: v128,
  b0: v128,
  b1: v128,
  b2: v128,
  b3: v128,
  b4: v128,
  mode: i32,
): void {
  let h = high(a0, b0);
  let r0 = low(a0, b0, h);
  let r1 = h;
  h = high(a0, b1);
  r1 = i64x2.add(r1, low(a0, b1, h));
  let r2 = h;
  h = high(a1, b0);
  r1 = i64x2.add(r1, low(a1, b0, h));
  r2 = i64x2.add(r2, h);
  h = high(a0, b2);
  r2 = i64x2.add(r2, low(a0, b2, h));
  let r3 = h;
  h = high(a1, b1);
  r2 = i64x2.add(r2, low(a1, b1, h));
  r3 = i64x2.add(r3, h);
  h = high(a2, b0);
  r2 = i64x2.add(r2, low(a2, b0, h));
  r3 = i64x2.add(r3, h);
  h = high(a0, b3);
  r3 = i64x2.add(r3, low(a0, b3, h));
  let r4 = h;
  h = high(a1, b2);
  r3 = i64x2.add(r3, low(a1, b2, h));
  r4 = i64x2.add(r4, h);
  h = high(a2, b1);
  r3 = i64x2.add(r3, low(a2, b1, h));
  r4 = i64x2.add(r4, h);
  h = high(a3, b0);
  r3 = i64x2.add(r3, low(a3, b0, h));
  r4 = i64x2.add(r4, h);
  h = high(a0, b4);
  r4 = i64x2.add(r4, low(a0, b4, h));
  let r5 = h;
  h = high(a1, b3);
  r4 = i64x2.add(r4, low(a1, b3, h));
  r5 = i64x2.add(r5, h);
  h = high(a2, b2);
  r4 = i64x2.add(r4, low(a2, b2, h));
  r5 = i64x2.add(r5, h);
  h = high(a3, b1);
  r4 = i64x2.add(r4, low(a3, b1, h));
  r5 = i64x2.add(r5, h);
  h = high(a4, b0);
  r4 = i64x2.add(r4, low(a4, b0, h));
  r5 = i64x2.add(r5, h);
  h = high(a1, b4);
  r5 = i64x2.add(r5, low(a1, b4, h));
  let r6 = h;
  h = high(a2, b3);
  r5 = i64x2.add(r5, low(a2, b3, h));
  r6 = i64x2.add(r6, h);
  h = high(a3, b2);
  r5 = i64x2.add(r5, low(a3, b2, h));
  r6 = i64x2.add(r6, h);
  h = high(a4, b1);
  r5 = i64x2.add(r5, low(a4, b1, h));
  r6 = i64x2.add(r6, h);
  r0 = i64x2.add(r0, i64x2.add(times19(r5), productConstant(0, mode, 1, 0, 4, 5)));
  h = high(a2, b4);
  r6 = i64x2.add(r6, low(a2, b4, h));
  let r7 = h;
  h = high(a3, b3);
  r6 = i64x2.add(r6, low(a3, b3, h));
  r7 = i64x2.add(r7, h);
  h = high(a4, b2);
  r6 = i64x2.add(r6, low(a4, b2, h));
  r7 = i64x2.add(r7, h);
  r1 = i64x2.add(r1, i64x2.add(times19(r6), productConstant(1, mode, 2, 1, 3, 4)));
  h = high(a3, b4);
  r7 = i64x2.add(r7, low(a3, b4, h));
  let r8 = h;
  h = high(a4, b3);
  r7 = i64x2.add(r7, low(a4, b3, h));
  r8 = i64x2.add(r8, h);
  r2 = i64x2.add(r2, i64x2.add(times19(r7), productConstant(2, mode, 3, 2, 2, 3)));
  h = high(a4, b4);
  r8 = i64x2.add(r8, low(a4, b4, h));
  r3 = i64x2.add(r3, i64x2.add(times19(r8), productConstant(3, mode, 4, 3, 1, 2)));
  r4 = i64x2.add(r4, i64x2.add(times19(h), productConstant(4, mode, 5, 4, 0, 1)));
  finish(o, r0, r1, r2, r3, r4, mode);
}

// @ts-ignore: decorator
@inline
export function mulMode(o: usize, a: usize, b: usize, mode: i32): void {
  multiplyDigits(
    o,
    v128.load(a, 0),
    v128.load(a, 16),
    v128.load(a, 32),
    v128.load(a, 48),
    v128.load(a, 64),
    v128.load(b, 0),
    v128.load(b, 16),
    v128.load(b, 32),
    v128.load(b, 48),
    v128.load(b, 64),
    mode,
  );
}

/** o = a * b by lanes; tight x loose. */
export function mul(o: usize, a: usize, b: usize): void {
  mulMode(o, a, b, PLAIN);
}

/** (a0*b0 | a1*b1) then (p1 - p0 | p1 + p0). */
export function mulButterfly(o: usize, a: usize, b: usize): void {
  mulMode(o, a, b, BUTTERFLY);
}

/** (a0*b0 | a1*b1) then (p0 - p1 | p0 + p1). */
export function mulButterflyDup(o: usize, a: usize, b: usize): void {
  mulMode(o, a, b, BUTTERFLY_DUP);
}

/** Square of tight digits: 15 products. */
// @ts-ignore: decorator
@inline
function sqrMode(o: usize, a: usize, mode: i32): void {
  const a0 = v128.load(a, 0);
  const a1 = v128.load(a, 16);
  const a2 = v128.load(a, 32);
  const a3 = v128.load(a, 48);
  const a4 = v128.load(a, 64);
  const d0 = f64x2.add(a0, a0);
  const d1 = f64x2.add(a1, a1);
  const d2 = f64x2.add(a2, a2);
  const d3 = f64x2.add(a3, a3);
  let h = high(a0, a0);
  let r0 = low(a0, a0, h);
  let r1 = h;
  h = high(d0, a1);
  r1 = i64x2.add(r1, low(d0, a1, h));
  let r2 = h;
  h = high(d0, a2);
  r2 = i64x2.add(r2, low(d0, a2, h));
  let r3 = h;
  h = high(a1, a1);
  r2 = i64x2.add(r2, low(a1, a1, h));
  r3 = i64x2.add(r3, h);
  h = high(d0, a3);
  r3 = i64x2.add(r3, low(d0, a3, h));
  let r4 = h;
  h = high(d1, a2);
  r3 = i64x2.add(r3, low(d1, a2, h));
  r4 = i64x2.add(r4, h);
  h = high(d0, a4);
  r4 = i64x2.add(r4, low(d0, a4, h));
  let r5 = h;
  h = high(d1, a3);
  r4 = i64x2.add(r4, low(d1, a3, h));
  r5 = i64x2.add(r5, h);
  h = high(a2, a2);
  r4 = i64x2.add(r4, low(a2, a2, h));
  r5 = i64x2.add(r5, h);
  h = high(d1, a4);
  r5 = i64x2.add(r5, low(d1, a4, h));
  let r6 = h;
  h = high(d2, a3);
  r5 = i64x2.add(r5, low(d2, a3, h));
  r6 = i64x2.add(r6, h);
  r0 = i64x2.add(r0, i64x2.add(times19(r5), productConstant(0, mode, 1, 0, 2, 3)));
  h = high(d2, a4);
  r6 = i64x2.add(r6, low(d2, a4, h));
  let r7 = h;
  h = high(a3, a3);
  r6 = i64x2.add(r6, low(a3, a3, h));
  r7 = i64x2.add(r7, h);
  r1 = i64x2.add(r1, i64x2.add(times19(r6), productConstant(1, mode, 1, 1, 2, 2)));
  h = high(d3, a4);
  r7 = i64x2.add(r7, low(d3, a4, h));
  let r8 = h;
  r2 = i64x2.add(r2, i64x2.add(times19(r7), productConstant(2, mode, 2, 1, 1, 2)));
  h = high(a4, a4);
  r8 = i64x2.add(r8, low(a4, a4, h));
  r3 = i64x2.add(r3, i64x2.add(times19(r8), productConstant(3, mode, 2, 2, 1, 1)));
  r4 = i64x2.add(r4, i64x2.add(times19(h), productConstant(4, mode, 3, 2, 0, 1)));
  finish(o, r0, r1, r2, r3, r4, mode);
}

/** o = a^2 by lanes; `a` tight. */
export function sqr(o: usize, a: usize): void {
  sqrMode(o, a, PLAIN);
}

/** (a0^2 | a1^2) then (s1 - s0 | s1 + s0). */
export function sqrButterfly(o: usize, a: usize): void {
  sqrMode(o, a, BUTTERFLY);
}
