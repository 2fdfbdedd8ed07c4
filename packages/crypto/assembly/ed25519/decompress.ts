/**
 * Point decompression by the rule of ZIP 215: any 255-bit y is taken modulo p (encodings of
 * y >= p count), the sign bit with x = 0 counts as plain zero; only a y without an x is refused.
 * Four points at a time.
 */

import {
  add,
  copyLane,
  D,
  isZeroLane,
  loadLane,
  mulQuad,
  negateLane,
  parityLane,
  powP58Quad,
  SQRT_M1,
  sqrQuad,
  sub,
  weaken,
} from './element';
import { FE, mul } from './field';

/** Results: x and y of four points, two lanes of two values. */
export const QUAD_X: usize = memory.data(160, 16);
export const QUAD_Y: usize = memory.data(160, 16);

const U: usize = memory.data(160, 16);
const V: usize = memory.data(160, 16);
const V3: usize = memory.data(160, 16);
const UV: usize = memory.data(160, 16);
const CHECK: usize = memory.data(160, 16);
const ROOT: usize = memory.data(160, 16);
const SUM: usize = memory.data(160, 16);
const DIFFERENCE: usize = memory.data(160, 16);

function addOne(o: usize, delta: f64): void {
  v128.store(o, f64x2.add(v128.load(o), f64x2.splat(delta)));
}

/** Chooses the root of one lane: returns whether there is one. */
function settleLane(value: usize, lane: usize, sign: i32): bool {
  const x = QUAD_X + value;
  if (!isZeroLane(DIFFERENCE + value, lane)) {
    if (!isZeroLane(SUM + value, lane)) return false;
    copyLane(x, lane, ROOT + value, lane);
  }
  if (parityLane(x, lane) != sign) negateLane(x, lane);
  return true;
}

/**
 * Decompresses the encodings at p0..p3. Returns a bit mask: bit i set when point i exists; its
 * coordinates are then at QUAD_X, QUAD_Y (value i / 2, lane i % 2), tight.
 */
export function decompressQuad(p0: usize, p1: usize, p2: usize, p3: usize): i32 {
  loadLane(QUAD_Y, 0, p0);
  loadLane(QUAD_Y, 8, p1);
  loadLane(QUAD_Y + FE, 0, p2);
  loadLane(QUAD_Y + FE, 8, p3);
  weaken(QUAD_Y);
  weaken(QUAD_Y + FE);
  // x^2 = u / v with u = y^2 - 1, v = d y^2 + 1 (RFC 8032, 5.1.3).
  sqrQuad(U, QUAD_Y, 1);
  mul(V, U, D);
  mul(V + FE, U + FE, D);
  addOne(V, 1);
  addOne(V + FE, 1);
  addOne(U, -1);
  addOne(U + FE, -1);
  sqrQuad(V3, V, 1);
  mulQuad(V3, V3, V);
  sqrQuad(CHECK, V3, 1);
  mulQuad(CHECK, CHECK, V);
  mulQuad(CHECK, CHECK, U);
  powP58Quad(CHECK, CHECK);
  mulQuad(UV, U, V3);
  mulQuad(QUAD_X, CHECK, UV);
  mul(ROOT, QUAD_X, SQRT_M1);
  mul(ROOT + FE, QUAD_X + FE, SQRT_M1);
  sqrQuad(CHECK, QUAD_X, 1);
  mulQuad(CHECK, CHECK, V);
  sub(DIFFERENCE, CHECK, U);
  sub(DIFFERENCE + FE, CHECK + FE, U + FE);
  add(SUM, CHECK, U);
  add(SUM + FE, CHECK + FE, U + FE);
  let found = 0;
  if (settleLane(0, 0, <i32>(load<u8>(p0, 31) >> 7))) found |= 1;
  if (settleLane(0, 8, <i32>(load<u8>(p1, 31) >> 7))) found |= 2;
  if (settleLane(FE, 0, <i32>(load<u8>(p2, 31) >> 7))) found |= 4;
  if (settleLane(FE, 8, <i32>(load<u8>(p3, 31) >> 7))) found |= 8;
  return found;
}

