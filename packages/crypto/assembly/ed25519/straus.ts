/** p += k*A - s*B by joint four-bit windows: the part of the equation that a batch pays once. */

import {
  addCached,
  addPoint,
  doublePoint,
  POINT,
  setIdentity,
  toCached,
} from './point';

/** Cached multiples 0..15 of the public key, and of minus the base point. */
export const TABLE_A: usize = memory.data(2560, 16);
export const TABLE_B: usize = memory.data(2560, 16);

const MULTIPLE: usize = memory.data(160, 16);
const SUM: usize = memory.data(160, 16);

/** Fills a table with the multiples 0..15 of an extended point. */
export function fillTable(table: usize, point: usize): void {
  setIdentity(MULTIPLE);
  toCached(table, MULTIPLE);
  for (let i: usize = 1; i < 16; i++) {
    addPoint(MULTIPLE, point);
    toCached(table + i * POINT, MULTIPLE);
  }
}

// @ts-ignore: decorator
@inline
function window(scalar: usize, i: i32): usize {
  return (<usize>load<u8>(scalar + <usize>(i >> 1)) >> (4 * <usize>(i & 1))) & 15;
}

/** p += k*A + s*(-B), scalars of 32 bytes below L. */
export function addJoint(p: usize, k: usize, s: usize): void {
  setIdentity(SUM);
  for (let i = 63; i >= 0; i--) {
    if (i != 63) {
      doublePoint(SUM);
      doublePoint(SUM);
      doublePoint(SUM);
      doublePoint(SUM);
    }
    const a = window(k, i);
    if (a) addCached(SUM, TABLE_A + a * POINT);
    const b = window(s, i);
    if (b) addCached(SUM, TABLE_B + b * POINT);
  }
  addPoint(p, SUM);
}

