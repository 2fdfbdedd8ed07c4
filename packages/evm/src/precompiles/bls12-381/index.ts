import { pippenger } from '@noble/curves/abstract/curve.js';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { booleanWord } from '../bytes.ts';
import type { Precompile } from '../types.ts';
import { DISCOUNTS_G1, DISCOUNTS_G2 } from './discounts.ts';
import {
  FP_LENGTH,
  G1_LENGTH,
  G2_LENGTH,
  type PointG1,
  type PointG2,
  readFp,
  readFp2,
  readG1,
  readG2,
  readScalar,
  SCALAR_LENGTH,
  writeG1,
  writeG2,
} from './encoding.ts';

const { G1, G2, fields } = bls12_381;
const PAIR_LENGTH = G1_LENGTH + G2_LENGTH;
const PAIR_LENGTH_G1 = G1_LENGTH + SCALAR_LENGTH;
const PAIR_LENGTH_G2 = G2_LENGTH + SCALAR_LENGTH;

const g1Add: Precompile = {
  name: 'bls12G1Add',
  address: 0x0b,
  since: 'prague',
  gas: () => 375n,
  run(input) {
    if (input.length !== 2 * G1_LENGTH) return undefined;
    const one = readG1(input.subarray(0, G1_LENGTH), 'curve');
    const other = readG1(input.subarray(G1_LENGTH), 'curve');
    if (one === undefined || other === undefined) return undefined;
    return writeG1(one.add(other));
  },
};

const g1Msm: Precompile = {
  name: 'bls12G1Msm',
  address: 0x0c,
  since: 'prague',
  gas: (input) => msmGas(input.length, PAIR_LENGTH_G1, 12_000n, DISCOUNTS_G1),
  run(input) {
    if (input.length === 0 || input.length % PAIR_LENGTH_G1 !== 0) return undefined;
    const points: PointG1[] = [];
    const scalars: bigint[] = [];
    for (let offset = 0; offset < input.length; offset += PAIR_LENGTH_G1) {
      const point = readG1(input.subarray(offset, offset + G1_LENGTH), 'subgroup');
      if (point === undefined) return undefined;
      points.push(point);
      scalars.push(readScalar(input.subarray(offset + G1_LENGTH, offset + PAIR_LENGTH_G1)));
    }
    return writeG1(sumOfProducts(G1.Point, points, scalars));
  },
};

const g2Add: Precompile = {
  name: 'bls12G2Add',
  address: 0x0d,
  since: 'prague',
  gas: () => 600n,
  run(input) {
    if (input.length !== 2 * G2_LENGTH) return undefined;
    const one = readG2(input.subarray(0, G2_LENGTH), 'curve');
    const other = readG2(input.subarray(G2_LENGTH), 'curve');
    if (one === undefined || other === undefined) return undefined;
    return writeG2(one.add(other));
  },
};

const g2Msm: Precompile = {
  name: 'bls12G2Msm',
  address: 0x0e,
  since: 'prague',
  gas: (input) => msmGas(input.length, PAIR_LENGTH_G2, 22_500n, DISCOUNTS_G2),
  run(input) {
    if (input.length === 0 || input.length % PAIR_LENGTH_G2 !== 0) return undefined;
    const points: PointG2[] = [];
    const scalars: bigint[] = [];
    for (let offset = 0; offset < input.length; offset += PAIR_LENGTH_G2) {
      const point = readG2(input.subarray(offset, offset + G2_LENGTH), 'subgroup');
      if (point === undefined) return undefined;
      points.push(point);
      scalars.push(readScalar(input.subarray(offset + G2_LENGTH, offset + PAIR_LENGTH_G2)));
    }
    return writeG2(sumOfProducts(G2.Point, points, scalars));
  },
};

const pairing: Precompile = {
  name: 'bls12Pairing',
  address: 0x0f,
  since: 'prague',
  gas: (input) => 37_700n + 32_600n * BigInt(Math.floor(input.length / PAIR_LENGTH)),
  run(input) {
    if (input.length === 0 || input.length % PAIR_LENGTH !== 0) return undefined;
    const pairs: { g1: PointG1; g2: PointG2 }[] = [];
    for (let offset = 0; offset < input.length; offset += PAIR_LENGTH) {
      const g1 = readG1(input.subarray(offset, offset + G1_LENGTH), 'subgroup');
      const g2 = readG2(input.subarray(offset + G1_LENGTH, offset + PAIR_LENGTH), 'subgroup');
      if (g1 === undefined || g2 === undefined) return undefined;
      // The library takes no infinity; its pairing is one.
      if (!g1.is0() && !g2.is0()) pairs.push({ g1, g2 });
    }
    return booleanWord(fields.Fp12.eql(bls12_381.pairingBatch(pairs), fields.Fp12.ONE));
  },
};

const mapFpToG1: Precompile = {
  name: 'bls12MapFpToG1',
  address: 0x10,
  since: 'prague',
  gas: () => 5500n,
  run(input) {
    if (input.length !== FP_LENGTH) return undefined;
    const element = readFp(input);
    if (element === undefined) return undefined;
    // The types say tuple and affine point; a field of degree one takes the element itself.
    const point: unknown = G1.mapToCurve(element as never);
    return writeG1(point as PointG1);
  },
};

const mapFp2ToG2: Precompile = {
  name: 'bls12MapFp2ToG2',
  address: 0x11,
  since: 'prague',
  gas: () => 23_800n,
  run(input) {
    if (input.length !== 2 * FP_LENGTH) return undefined;
    const element = readFp2(input);
    if (element === undefined) return undefined;
    const point: unknown = G2.mapToCurve([element.c0, element.c1]);
    return writeG2(point as PointG2);
  },
};

/** EIP-2537, the seven of them. */
export const bls12Precompiles: readonly Precompile[] = [
  g1Add,
  g1Msm,
  g2Add,
  g2Msm,
  pairing,
  mapFpToG1,
  mapFp2ToG2,
];

function msmGas(
  inputLength: number,
  pairLength: number,
  productGas: bigint,
  discounts: readonly number[],
): bigint {
  const pairs = Math.floor(inputLength / pairLength);
  if (pairs === 0) return 0n;
  const discount = discounts[Math.min(pairs, discounts.length) - 1] ?? 0;
  return (BigInt(pairs) * productGas * BigInt(discount)) / 1000n;
}

interface Point<P> {
  is0(): boolean;
  multiplyUnsafe(scalar: bigint): P;
}

/** One product for a single pair, Pippenger's algorithm for more; infinity counts for nothing. */
function sumOfProducts<P extends Point<P>>(
  group: { readonly ZERO: P },
  points: readonly P[],
  scalars: readonly bigint[],
): P {
  const kept = points.flatMap((point, index) => {
    const scalar = scalars[index] ?? 0n;
    return point.is0() || scalar === 0n ? [] : [{ point, scalar }];
  });
  const [first] = kept;
  if (first === undefined) return group.ZERO;
  if (kept.length === 1) return first.point.multiplyUnsafe(first.scalar);
  const sum: unknown = pippenger(
    group as never,
    kept.map(({ point }) => point) as never[],
    kept.map(({ scalar }) => scalar),
  );
  return sum as P;
}
