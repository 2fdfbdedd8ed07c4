/** Points of the noble library as the precompiles take them: x before y, all zero for infinity. */
import type { bls12_381 } from '@noble/curves/bls12-381.js';
import type { bn254 } from '@noble/curves/bn254.js';
import { fromBigInt } from '../src/precompiles/bytes.ts';

type Bn254G1 = typeof bn254.G1.Point.BASE;
type Bn254G2 = typeof bn254.G2.Point.BASE;
type Bls12G1 = typeof bls12_381.G1.Point.BASE;
type Bls12G2 = typeof bls12_381.G2.Point.BASE;

/** EIP-196: elements of 32 bytes. */
export function encodeBn254G1(point: Bn254G1): Uint8Array {
  if (point.is0()) return new Uint8Array(64);
  const { x, y } = point.toAffine();
  return join([x, y], 32);
}

/** EIP-197: the imaginary part first. */
export function encodeBn254G2(point: Bn254G2): Uint8Array {
  if (point.is0()) return new Uint8Array(128);
  const { x, y } = point.toAffine();
  return join([x.c1, x.c0, y.c1, y.c0], 32);
}

/** EIP-2537: elements of 64 bytes. */
export function encodeBls12G1(point: Bls12G1): Uint8Array {
  if (point.is0()) return new Uint8Array(128);
  const { x, y } = point.toAffine();
  return join([x, y], 64);
}

/** EIP-2537: the real part first. */
export function encodeBls12G2(point: Bls12G2): Uint8Array {
  if (point.is0()) return new Uint8Array(256);
  const { x, y } = point.toAffine();
  return join([x.c0, x.c1, y.c0, y.c1], 64);
}

function join(elements: readonly bigint[], length: number): Uint8Array {
  return Uint8Array.from(Buffer.concat(elements.map((element) => fromBigInt(element, length))));
}
