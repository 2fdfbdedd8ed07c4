/**
 * Ed25519 verification by ZIP 215, many signatures by one public key. The host's side is
 * src/kernel.ts. Not constant time: keys, signatures and messages here are public.
 *
 * A batch checks 8 * (sum z_i R_i + (sum z_i k_i) A - (sum z_i s_i) B) = 0 with secret random
 * z_i of 127 bits and a sign. A batch with a forged signature passes with probability 2^-127.
 * Multiplying by the cofactor is what makes this agree with the single check of ZIP 215, and
 * what allows the sums of scalars to be taken modulo L although A may have a torsion part.
 */

import { decompressQuad, QUAD_X, QUAD_Y } from './decompress';
import { add, D2, initElements, sub, weaken } from './element';
import { FE, mul } from './field';
import {
  BATCH_MAX,
  CANDIDATES,
  COEFFICIENTS,
  END,
  HASHES,
  KEY,
  MESSAGE_BYTES_MAX,
  MESSAGES,
  NIELS,
  NIELS_SIZE,
  OFFSETS,
  SIGNATURES,
  STACK,
  STATUS,
} from './layout';
import { multiSum } from './multisum';
import {
  addNiels,
  addPoint,
  initPoints,
  isSmallOrder,
  negatePoint,
  POINT,
  setIdentity,
} from './point';
import { addProduct, isBelowOrder, reduceColumns, reduceWords, subtractScalar } from './scalar';
import { challengeHash } from './sha512';
import { addJoint, fillTable, TABLE_A, TABLE_B } from './straus';

/** Up to this many exact checks cost no more than one random combination (measured). */
const SINGLY_MAX: i32 = 3;

/** Ranges of this size are settled singly: halves would cost a combination each. */
const BISECT_MIN: i32 = 12;

const PRODUCT: usize = memory.data(80, 16);
const YMX: usize = memory.data(80, 16);
const YPX: usize = memory.data(80, 16);
const SINGLE_NIELS: usize = memory.data(480, 16);
const KEY_POINT: usize = memory.data(160, 16);
const RESIDUAL: usize = memory.data(160, 16);
const CHECKED: usize = memory.data(160, 16);
/** Column sums of z*k and z*s, for positive and negative z. */
const SUM_SIZE: usize = 192;
const SUMS: usize = memory.data(768, 16);
const MAGNITUDE: usize = memory.data(16, 16);
const SCALAR_K: usize = memory.data(32, 16);
const SCALAR_S: usize = memory.data(32, 16);
const SCALAR_T: usize = memory.data(32, 16);
const BASE_Y: usize = memory.data<u64>([
  0x6666666666666658, 0x6666666666666666, 0x6666666666666666, 0x6666666666666666,
]);
const FMA_PROBE: usize = memory.data<f64>([134217729.0, -18014398509481984.0]);

export function keyAddress(): usize {
  return KEY;
}
export function signaturesAddress(): usize {
  return SIGNATURES;
}
export function offsetsAddress(): usize {
  return OFFSETS;
}
export function coefficientsAddress(): usize {
  return COEFFICIENTS;
}
export function statusAddress(): usize {
  return STATUS;
}
export function hashesAddress(): usize {
  return HASHES;
}
export function messagesAddress(): usize {
  return MESSAGES;
}
/** Where static data ends; the build checks that it stays below the regions. */
export function staticEnd(): usize {
  return __heap_base;
}
export function regionsStart(): usize {
  return KEY;
}
export function batchMax(): i32 {
  return BATCH_MAX;
}
export function messageBytesMax(): i32 {
  return MESSAGE_BYTES_MAX;
}

/** Turns the points of one two-lane value into the form that additions take. */
function storeNiels(value: usize, first: usize, second: usize): void {
  const x = QUAD_X + value;
  const y = QUAD_Y + value;
  sub(YMX, y, x);
  add(YPX, y, x);
  weaken(YMX);
  weaken(YPX);
  mul(PRODUCT, x, y);
  mul(PRODUCT, PRODUCT, D2);
  for (let k: usize = 0; k < FE; k += 16) {
    const m = v128.load(YMX + k);
    const p = v128.load(YPX + k);
    const t = v128.load(PRODUCT + k);
    const two = f64x2.splat(k == 0 ? 2 : 0);
    v128.store(first + k, v128.shuffle<i64>(m, p, 0, 2));
    v128.store(first + 80 + k, v128.shuffle<i64>(p, m, 0, 2));
    v128.store(first + 160 + k, v128.shuffle<i64>(two, t, 0, 2));
    v128.store(second + k, v128.shuffle<i64>(m, p, 1, 3));
    v128.store(second + 80 + k, v128.shuffle<i64>(p, m, 1, 3));
    v128.store(second + 160 + k, v128.shuffle<i64>(two, t, 0, 3));
  }
}

function loadPoint(o: usize, encoding: usize): bool {
  if ((decompressQuad(encoding, encoding, encoding, encoding) & 1) == 0) return false;
  storeNiels(0, SINGLE_NIELS, SINGLE_NIELS + NIELS_SIZE);
  setIdentity(o);
  addNiels(o, SINGLE_NIELS, SINGLE_NIELS + 160, 0);
  return true;
}

/**
 * Prepares constants. Returns false when the engine's relaxed multiply-add rounds twice, in
 * which case nothing here may be used. (2^27 + 1)^2 - 2^54 is 2^28 + 1 only if fused.
 */
export function init(): bool {
  const a = v128.load64_splat(FMA_PROBE);
  const fused = f64x2.relaxed_madd(a, a, v128.load64_splat(FMA_PROBE + 8));
  if (f64x2.extract_lane(fused, 0) != 268435457.0) return false;
  const pages = <i32>((END + 0xffff) >> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) return false;
  initElements();
  initPoints();
  if (!loadPoint(KEY_POINT, BASE_Y)) return false;
  negatePoint(KEY_POINT);
  fillTable(TABLE_B, KEY_POINT);
  return true;
}

/** Loads the public key at `keyAddress`. Returns false when it is not the encoding of a point. */
export function setKey(): bool {
  if (!loadPoint(KEY_POINT, KEY)) return false;
  fillTable(TABLE_A, KEY_POINT);
  return true;
}

/** Hashes messages [offset_i, offset_i+1) with their R and the key. */
export function hashMessages(count: i32): void {
  for (let i: usize = 0; i < <usize>count; i++) {
    const start = <usize>load<u32>(OFFSETS + 4 * i);
    const end = <usize>load<u32>(OFFSETS + 4 * i + 4);
    challengeHash(HASHES + 64 * i, SIGNATURES + 64 * i, KEY, MESSAGES + start, end - start);
  }
}

/** Decompresses every R and lists the signatures that are well formed. Returns how many. */
function listCandidates(count: i32): i32 {
  const last = count - 1;
  let candidates = 0;
  for (let i = 0; i < count; i += 4) {
    const found = decompressQuad(
      SIGNATURES + 64 * <usize>i,
      SIGNATURES + 64 * <usize>min(i + 1, last),
      SIGNATURES + 64 * <usize>min(i + 2, last),
      SIGNATURES + 64 * <usize>min(i + 3, last),
    );
    const niels = NIELS + NIELS_SIZE * <usize>i;
    storeNiels(0, niels, niels + NIELS_SIZE);
    if (i + 2 < count) storeNiels(FE, niels + 2 * NIELS_SIZE, niels + 3 * NIELS_SIZE);
    for (let j = i; j < min(i + 4, count); j++) {
      store<u8>(STATUS + <usize>j, 0);
      if (((found >> (j - i)) & 1) == 0) continue;
      if (!isBelowOrder(SIGNATURES + 64 * <usize>j + 32)) continue;
      store<u32>(CANDIDATES + 4 * <usize>candidates, j);
      candidates += 1;
    }
  }
  return candidates;
}

/** Exact check of one candidate: 8 (R + kA - sB) = 0. */
function checkOne(candidate: i32): void {
  const i = <usize>load<u32>(CANDIDATES + 4 * <usize>candidate);
  const niels = NIELS + NIELS_SIZE * i;
  setIdentity(CHECKED);
  addNiels(CHECKED, niels, niels + 160, 0);
  reduceWords(SCALAR_K, HASHES + 64 * i, 16);
  addJoint(CHECKED, SCALAR_K, SIGNATURES + 64 * i + 32);
  if (isSmallOrder(CHECKED)) store<u8>(STATUS + i, 1);
}

/** SCALAR_K, SCALAR_S = sums of z*k and z*s over candidates [from, to), mod L. */
function combineScalars(from: i32, to: i32): void {
  memory.fill(SUMS, 0, 4 * SUM_SIZE);
  for (let j = from; j < to; j++) {
    const i = <usize>load<u32>(CANDIDATES + 4 * <usize>j);
    const hi = load<u64>(COEFFICIENTS + 16 * i, 8);
    store<u64>(MAGNITUDE, load<u64>(COEFFICIENTS + 16 * i));
    store<u64>(MAGNITUDE, hi & 0x7fffffffffffffff, 8);
    const sums = SUMS + 2 * SUM_SIZE * <usize>(hi >> 63);
    addProduct(sums, MAGNITUDE, HASHES + 64 * i, 16);
    addProduct(sums + SUM_SIZE, MAGNITUDE, SIGNATURES + 64 * i + 32, 8);
  }
  reduceColumns(SCALAR_K, SUMS);
  reduceColumns(SCALAR_T, SUMS + 2 * SUM_SIZE);
  subtractScalar(SCALAR_K, SCALAR_K, SCALAR_T);
  reduceColumns(SCALAR_S, SUMS + SUM_SIZE);
  reduceColumns(SCALAR_T, SUMS + 3 * SUM_SIZE);
  subtractScalar(SCALAR_S, SCALAR_S, SCALAR_T);
}

/** out = the left side of the batch equation over [from, to), before the cofactor. */
function residual(out: usize, from: i32, to: i32): void {
  multiSum(out, from, to);
  combineScalars(from, to);
  addJoint(out, SCALAR_K, SCALAR_S);
}

/** Marks [from, to) valid when its residual vanishes, else looks for the bad ones. */
function settle(point: usize, from: i32, to: i32, depth: usize): void {
  memory.copy(CHECKED, point, POINT);
  if (isSmallOrder(CHECKED)) {
    for (let j = from; j < to; j++) {
      store<u8>(STATUS + <usize>load<u32>(CANDIDATES + 4 * <usize>j), 1);
    }
    return;
  }
  if (to - from <= BISECT_MIN) {
    for (let j = from; j < to; j++) checkOne(j);
    return;
  }
  // The residual of the right half is the whole minus the left: one sum a level, not two.
  const mid = (from + to) >> 1;
  const left = STACK + depth * 2 * POINT;
  const right = left + POINT;
  residual(left, from, mid);
  memory.copy(right, left, POINT);
  negatePoint(right);
  addPoint(right, point);
  settle(left, from, mid, depth + 1);
  settle(right, mid, to, depth + 1);
}

/**
 * Verifies `count` signatures whose hashes are in place, under the key of `setKey`. Writes one
 * status byte each and returns how many are valid.
 */
export function verify(count: i32): i32 {
  if (count <= 0 || count > BATCH_MAX) return 0;
  const candidates = listCandidates(count);
  if (candidates <= SINGLY_MAX) {
    for (let j = 0; j < candidates; j++) checkOne(j);
  } else {
    for (let j = 0; j < candidates; j++) {
      const z = COEFFICIENTS + 16 * <usize>load<u32>(CANDIDATES + 4 * <usize>j);
      if ((load<u64>(z) | (load<u64>(z, 8) << 1)) == 0) store<u64>(z, 1);
    }
    residual(RESIDUAL, 0, candidates);
    settle(RESIDUAL, 0, candidates, 0);
  }
  let valid = 0;
  for (let i = 0; i < count; i++) valid += <i32>load<u8>(STATUS + <usize>i);
  return valid;
}
