/**
 * Sum of z_i * R_i over a range of candidates by Pippenger's buckets: for each window of c bits,
 * add each point to the bucket of its digit, then sum bucket b with weight b by running sums.
 * Digits are signed, so c bits need 2^(c-1) buckets and a negative digit uses the stored -R.
 */

import { BUCKETS, CANDIDATES, COEFFICIENTS, DIGITS, NIELS, NIELS_SIZE } from './layout';
import { addNiels, addPoint, doublePoint, POINT, setIdentity } from './point';

const RUNNING: usize = memory.data(160, 16);
const TOTAL: usize = memory.data(160, 16);

/**
 * Window bits that make the sum cheapest: windows * (points + weighted buckets). A bucket costs
 * two general additions of five products, a point one addition of four: 2.5 points.
 */
function windowBits(count: i32): i32 {
  let best = 4;
  let bestCost = i32.MAX_VALUE;
  for (let bits = 4; bits <= 10; bits++) {
    const windows = (127 + bits) / bits;
    const cost = windows * (2 * count + (5 << (bits - 1)));
    if (cost < bestCost) {
      bestCost = cost;
      best = bits;
    }
  }
  return best;
}

/**
 * Writes the signed digits of one coefficient, `stride` bytes apart. A coefficient is sign and
 * magnitude: bit 127 the sign, below it 127 bits, so that the top digit never carries out.
 */
function recode(z: usize, out: usize, stride: usize, bits: i32, windows: i32): void {
  let lo = load<u64>(z);
  let hi = load<u64>(z, 8);
  const negative = <i32>(hi >> 63);
  hi &= 0x7fffffffffffffff;
  const mask: u64 = (1 << <u64>bits) - 1;
  const half = 1 << (bits - 1);
  let carry = 0;
  for (let w = 0; w < windows; w++) {
    let digit = <i32>(lo & mask) + carry;
    lo = (lo >> <u64>bits) | (hi << <u64>(64 - bits));
    hi >>= <u64>bits;
    carry = digit > half ? 1 : 0;
    digit -= carry << bits;
    store<i16>(out, negative ? -digit : digit);
    out += stride;
  }
}

/** Adds every point of one window to its bucket. */
function fillBuckets(digits: usize, from: i32, to: i32): void {
  for (let j = from; j < to; j++) {
    const digit = <i32>load<i16>(digits + 2 * <usize>j);
    if (digit == 0) continue;
    const negative = <usize>(digit >>> 31);
    const bucket = BUCKETS + (<usize>abs(digit) - 1) * POINT;
    const niels = NIELS + NIELS_SIZE * <usize>load<u32>(CANDIDATES + 4 * <usize>j);
    addNiels(bucket, niels + 80 * negative, niels + 160, <i64>negative << 63);
  }
}

/** out = sum of z_i * R_i for candidates [from, to). */
export function multiSum(out: usize, from: i32, to: i32): void {
  const count = to - from;
  const bits = windowBits(count);
  const windows = (127 + bits) / bits;
  const stride: usize = 2 * <usize>to;
  for (let j = from; j < to; j++) {
    const i = <usize>load<u32>(CANDIDATES + 4 * <usize>j);
    recode(COEFFICIENTS + 16 * i, DIGITS + 2 * <usize>j, stride, bits, windows);
  }
  const buckets = 1 << (bits - 1);
  setIdentity(out);
  for (let w = windows - 1; w >= 0; w--) {
    for (let b = 0; b < buckets; b++) setIdentity(BUCKETS + <usize>b * POINT);
    fillBuckets(DIGITS + stride * <usize>w, from, to);
    setIdentity(RUNNING);
    setIdentity(TOTAL);
    for (let b = buckets - 1; b >= 0; b--) {
      addPoint(RUNNING, BUCKETS + <usize>b * POINT);
      addPoint(TOTAL, RUNNING);
    }
    if (w != windows - 1) for (let d = 0; d < bits; d++) doublePoint(out);
    addPoint(out, TOTAL);
  }
}
