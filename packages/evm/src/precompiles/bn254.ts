import { bn254 } from '@noble/curves/bn254.js';
import { FORKS, type Fork } from '../types.ts';
import { booleanWord, fromBigInt, isAllZero, sliceRightPadded, toBigInt } from './bytes.ts';
import type { Precompile } from './types.ts';

const { G1, G2, fields } = bn254;
const FIELD_ORDER = fields.Fp.ORDER;
const PAIR_LENGTH = 192;
const ISTANBUL = FORKS.indexOf('istanbul');

type PointG1 = typeof G1.Point.BASE;
type PointG2 = typeof G2.Point.BASE;

/** EIP-1108 lowered the prices in Istanbul. */
function byFork(fork: Fork, before: bigint, since: bigint): bigint {
  return FORKS.indexOf(fork) >= ISTANBUL ? since : before;
}

/** EIP-196. */
export const bn254Add: Precompile = {
  name: 'bn254Add',
  address: 6,
  since: 'byzantium',
  gas: (_input, fork) => byFork(fork, 500n, 150n),
  run(input) {
    const one = readG1(sliceRightPadded(input, 0, 64));
    const other = readG1(sliceRightPadded(input, 64, 64));
    if (one === undefined || other === undefined) return undefined;
    return writeG1(one.add(other));
  },
};

/** EIP-196. */
export const bn254Multiply: Precompile = {
  name: 'bn254Multiply',
  address: 7,
  since: 'byzantium',
  gas: (_input, fork) => byFork(fork, 40_000n, 6000n),
  run(input) {
    const point = readG1(sliceRightPadded(input, 0, 64));
    if (point === undefined) return undefined;
    const scalar = toBigInt(sliceRightPadded(input, 64, 32)) % fields.Fr.ORDER;
    return writeG1(point.multiplyUnsafe(scalar));
  },
};

/** EIP-197: whether the product of the pairings is one. No pairs: it is. */
export const bn254Pairing: Precompile = {
  name: 'bn254Pairing',
  address: 8,
  since: 'byzantium',
  gas(input, fork) {
    const pairs = BigInt(Math.floor(input.length / PAIR_LENGTH));
    return byFork(fork, 100_000n, 45_000n) + byFork(fork, 80_000n, 34_000n) * pairs;
  },
  run(input) {
    if (input.length % PAIR_LENGTH !== 0) return undefined;
    const pairs: { g1: PointG1; g2: PointG2 }[] = [];
    for (let offset = 0; offset < input.length; offset += PAIR_LENGTH) {
      const g1 = readG1(input.subarray(offset, offset + 64));
      const g2 = readG2(input.subarray(offset + 64, offset + PAIR_LENGTH));
      if (g1 === undefined || g2 === undefined) return undefined;
      // The library takes no infinity; its pairing is one.
      if (!g1.is0() && !g2.is0()) pairs.push({ g1, g2 });
    }
    return booleanWord(fields.Fp12.eql(bn254.pairingBatch(pairs), fields.Fp12.ONE));
  },
};

function readG1(bytes: Uint8Array): PointG1 | undefined {
  if (isAllZero(bytes)) return G1.Point.ZERO;
  const x = toBigInt(bytes.subarray(0, 32));
  const y = toBigInt(bytes.subarray(32, 64));
  if (x >= FIELD_ORDER || y >= FIELD_ORDER) return undefined;
  try {
    const point = G1.Point.fromAffine({ x, y });
    point.assertValidity();
    return point;
  } catch {
    return undefined;
  }
}

function writeG1(point: PointG1): Uint8Array {
  const output = new Uint8Array(64);
  if (point.is0()) return output;
  const { x, y } = point.toAffine();
  output.set(fromBigInt(x, 32));
  output.set(fromBigInt(y, 32), 32);
  return output;
}

/** Imaginary parts come first. The point must lie in the subgroup (EIP-197). */
function readG2(bytes: Uint8Array): PointG2 | undefined {
  if (isAllZero(bytes)) return G2.Point.ZERO;
  const [x1, x0, y1, y0] = [0, 32, 64, 96].map((at) => toBigInt(bytes.subarray(at, at + 32))) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  if ([x0, x1, y0, y1].some((value) => value >= FIELD_ORDER)) return undefined;
  try {
    const x = fields.Fp2.fromBigTuple([x0, x1]);
    const y = fields.Fp2.fromBigTuple([y0, y1]);
    const point = G2.Point.fromAffine({ x, y });
    point.assertValidity();
    return point;
  } catch {
    return undefined;
  }
}
