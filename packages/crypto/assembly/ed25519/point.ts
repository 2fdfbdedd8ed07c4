/**
 * Edwards points (a = -1, complete formulas of Hisil, Wong, Carter and Dawson, 2008), one point
 * over both lanes: an extended point is the two values (X | Y), (Z | T), 160 bytes. The
 * formulas are complete on the whole curve, so identity, doubling and torsion need no cases.
 *
 * A right operand comes "cached": (Y-X | Y+X), (2Z | 2dT). With Z = 1 it is what `NIELS` holds.
 * One addition is then four two-lane products:
 *
 *   (E | H) = butterfly((Y-X | Y+X)1 * (Y-X | Y+X)2)     E = B - A, H = B + A
 *   (F | G) = butterfly((Z | T)1 * (2Z | 2dT)2)          F = D - C, G = D + C
 *   (X | Y) = (E | H) * (F | G)
 *   (Z | T) = (F | E) * (G | H)
 */

import { D2, isZeroLane, weaken } from './element';
import { FE, mul, mulButterfly, mulButterflyDup, sqrButterfly } from './field';

export const POINT: usize = 2 * FE;

const SIGN0: i64 = i64.MIN_VALUE;
const LEFT: usize = memory.data(80, 16);
const RIGHT: usize = memory.data(80, 16);
const EH: usize = memory.data(80, 16);
const FG: usize = memory.data(80, 16);
const MIXED: usize = memory.data(80, 16);
const CACHED: usize = memory.data(160, 16);
/** (2 | 2d), what turns (Z | T) into the second half of a cached point. */
const TWO_D2: usize = memory.data(80, 16);
const DIFFERENCE: usize = memory.data(80, 16);

/** Fills the constant; once an instance, after `initElements`. */
export function initPoints(): void {
  memory.copy(TWO_D2, D2, FE);
  for (let k: usize = 0; k < FE; k += 16) store<f64>(TWO_D2 + k, k == 0 ? 2 : 0);
}

export function setIdentity(p: usize): void {
  memory.fill(p, 0, POINT);
  store<f64>(p, 1, 8);
  store<f64>(p, 1, FE);
}

/** o = (Y - X | Y + X) of (X | Y); loose. */
// @ts-ignore: decorator
@inline
function differenceAndSum(o: usize, xy: usize): void {
  const sign = i64x2(SIGN0, 0);
  for (let k: usize = 0; k < FE; k += 16) {
    const v = v128.load(xy + k);
    const swapped = v128.shuffle<i64>(v, v, 1, 0);
    v128.store(o + k, f64x2.add(swapped, v128.xor(v, sign)));
  }
}

/** p = products of (E | H) and (F | G). */
// @ts-ignore: decorator
@inline
function finishAddition(p: usize): void {
  mul(p, EH, FG);
  for (let k: usize = 0; k < FE; k += 16) {
    const eh = v128.load(EH + k);
    const fg = v128.load(FG + k);
    v128.store(LEFT + k, v128.shuffle<i64>(fg, eh, 0, 2));
    v128.store(RIGHT + k, v128.shuffle<i64>(fg, eh, 1, 3));
  }
  mul(p + FE, LEFT, RIGHT);
}

/** p += q with q cached. */
export function addCached(p: usize, q: usize): void {
  differenceAndSum(LEFT, p);
  mulButterfly(EH, q, LEFT);
  mulButterflyDup(FG, p + FE, q + FE);
  finishAddition(p);
}

/**
 * p += q or p -= q: `yx` is (y-x | y+x) or, for -q, (y+x | y-x); `t` is (2 | 2dxy) and
 * `signMask` flips its second lane. No branch: digit signs are random.
 */
export function addNiels(p: usize, yx: usize, t: usize, signMask: i64): void {
  differenceAndSum(LEFT, p);
  mulButterfly(EH, yx, LEFT);
  const mask = i64x2.replace_lane(i64x2.splat(0), 1, signMask);
  for (let k: usize = 0; k < FE; k += 16) {
    v128.store(RIGHT + k, v128.xor(v128.load(t + k), mask));
  }
  mulButterflyDup(FG, p + FE, RIGHT);
  finishAddition(p);
}

/** o = cached form of the extended point p, tight. */
export function toCached(o: usize, p: usize): void {
  differenceAndSum(o, p);
  weaken(o);
  mul(o + FE, p + FE, TWO_D2);
}

/** p += q, both extended. */
export function addPoint(p: usize, q: usize): void {
  toCached(CACHED, q);
  addCached(p, CACHED);
}

/** p = -p. */
export function negatePoint(p: usize): void {
  const first = i64x2(SIGN0, 0);
  const second = i64x2(0, SIGN0);
  for (let k: usize = 0; k < FE; k += 16) {
    v128.store(p + k, v128.xor(v128.load(p + k), first));
    v128.store(p + FE + k, v128.xor(v128.load(p + FE + k), second));
  }
}

/** p = 2p: E = 2XY, G = Y^2 - X^2, H = -(X^2 + Y^2), F = G - 2Z^2. */
export function doublePoint(p: usize): void {
  sqrButterfly(EH, p); // (G | -H)
  for (let k: usize = 0; k < FE; k += 16) {
    const xy = v128.load(p + k);
    const zt = v128.load(p + FE + k);
    v128.store(LEFT + k, v128.shuffle<i64>(zt, xy, 0, 2)); // (Z | X)
    v128.store(RIGHT + k, v128.shuffle<i64>(zt, xy, 0, 3)); // (Z | Y)
  }
  mul(MIXED, LEFT, RIGHT); // (Z^2 | XY)
  for (let k: usize = 0; k < FE; k += 16) {
    const gh = v128.load(EH + k);
    const m = v128.load(MIXED + k);
    const twice = f64x2.add(m, m);
    const g = v128.shuffle<i64>(gh, gh, 0, 0);
    const h = v128.xor(gh, i64x2(0, SIGN0));
    const f = f64x2.sub(g, twice);
    v128.store(EH + k, v128.shuffle<i64>(twice, h, 1, 3));
    v128.store(FG + k, v128.shuffle<i64>(f, g, 0, 2));
  }
  weaken(EH);
  weaken(FG);
  finishAddition(p);
}

/** Whether 8p is the identity: the cofactored equation of ZIP 215. Changes p. */
export function isSmallOrder(p: usize): bool {
  doublePoint(p);
  doublePoint(p);
  doublePoint(p);
  if (!isZeroLane(p, 0)) return false;
  for (let k: usize = 0; k < FE; k += 16) {
    store<f64>(DIFFERENCE + k, load<f64>(p + k, 8) - load<f64>(p + FE + k, 0));
  }
  return isZeroLane(DIFFERENCE, 0);
}
