import { bls12_381 } from '@noble/curves/bls12-381.js';
import { fromBigInt, isAllZero, toBigInt } from '../bytes.ts';

const G1 = bls12_381.G1;
const G2 = bls12_381.G2;
const fields = bls12_381.fields;
const Fp = fields.Fp;
const Fp2 = fields.Fp2;
const Fr = fields.Fr;

export type PointG1 = typeof bls12_381.G1.Point.BASE;
export type PointG2 = typeof bls12_381.G2.Point.BASE;
type Element2 = typeof bls12_381.fields.Fp2.ONE;

/** EIP-2537: an element of the field is 64 bytes, the first 16 of them zero. */
export const FP_LENGTH = 64;
export const G1_LENGTH: number = 2 * FP_LENGTH;
export const G2_LENGTH: number = 4 * FP_LENGTH;
export const SCALAR_LENGTH = 32;

const G1_B = 4n;
const G2_B = Fp2.fromBigTuple([4n, 4n]);

/** Whether a point must lie in the subgroup: in products and pairings, not in sums. */
export type Membership = 'curve' | 'subgroup';

export function readFp(bytes: Uint8Array): bigint | undefined {
  const value = toBigInt(bytes);
  return value < Fp.ORDER ? value : undefined;
}

export function readFp2(bytes: Uint8Array): Element2 | undefined {
  const c0 = readFp(bytes.subarray(0, FP_LENGTH));
  const c1 = readFp(bytes.subarray(FP_LENGTH, 2 * FP_LENGTH));
  return c0 === undefined || c1 === undefined ? undefined : Fp2.fromBigTuple([c0, c1]);
}

/** Scalars are any 32 bytes and count modulo the order of the subgroup. */
export function readScalar(bytes: Uint8Array): bigint {
  return toBigInt(bytes) % Fr.ORDER;
}

export function readG1(bytes: Uint8Array, membership: Membership): PointG1 | undefined {
  if (isAllZero(bytes)) return G1.Point.ZERO;
  const x = readFp(bytes.subarray(0, FP_LENGTH));
  const y = readFp(bytes.subarray(FP_LENGTH, G1_LENGTH));
  if (x === undefined || y === undefined) return undefined;
  if (Fp.sqr(y) !== Fp.add(Fp.mul(Fp.sqr(x), x), G1_B)) return undefined;
  const point = G1.Point.fromAffine({ x, y });
  return membership === 'curve' || point.isTorsionFree() ? point : undefined;
}

export function readG2(bytes: Uint8Array, membership: Membership): PointG2 | undefined {
  if (isAllZero(bytes)) return G2.Point.ZERO;
  const x = readFp2(bytes.subarray(0, 2 * FP_LENGTH));
  const y = readFp2(bytes.subarray(2 * FP_LENGTH, G2_LENGTH));
  if (x === undefined || y === undefined) return undefined;
  if (!Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2_B))) return undefined;
  const point = G2.Point.fromAffine({ x, y });
  return membership === 'curve' || point.isTorsionFree() ? point : undefined;
}

export function writeG1(point: PointG1): Uint8Array {
  if (point.is0()) return new Uint8Array(G1_LENGTH);
  const { x, y } = point.toAffine();
  return concatElements([x, y]);
}

export function writeG2(point: PointG2): Uint8Array {
  if (point.is0()) return new Uint8Array(G2_LENGTH);
  const { x, y } = point.toAffine();
  return concatElements([x.c0, x.c1, y.c0, y.c1]);
}

function concatElements(elements: readonly bigint[]): Uint8Array {
  const output = new Uint8Array(FP_LENGTH * elements.length);
  for (const [index, element] of elements.entries()) {
    output.set(fromBigInt(element, FP_LENGTH), FP_LENGTH * index);
  }
  return output;
}
