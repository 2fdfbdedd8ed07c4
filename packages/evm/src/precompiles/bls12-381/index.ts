import { booleanWord } from '../bytes.ts';
import { bls12Curve } from '../curves/bls12-381.ts';
import type { GroupName, Pair, Term } from '../curves/curve.ts';
import type { Precompile } from '../types.ts';
import { DISCOUNTS_G1, DISCOUNTS_G2 } from './discounts.ts';

// EIP-2537: an element of the field is 64 bytes, the first 16 of them zero.
const FP_LENGTH = 64;
const G1_LENGTH = 2 * FP_LENGTH;
const G2_LENGTH = 4 * FP_LENGTH;
const SCALAR_LENGTH = 32;
const PAIR_LENGTH = G1_LENGTH + G2_LENGTH;
const TERM_LENGTH_G1 = G1_LENGTH + SCALAR_LENGTH;
const TERM_LENGTH_G2 = G2_LENGTH + SCALAR_LENGTH;

const g1Add: Precompile = {
  name: 'bls12G1Add',
  address: 0x0b,
  since: 'prague',
  gas: () => 375n,
  run: (input) => add('G1', input, G1_LENGTH),
};

const g1Msm: Precompile = {
  name: 'bls12G1Msm',
  address: 0x0c,
  since: 'prague',
  gas: (input) => msmGas(input.length, TERM_LENGTH_G1, 12_000n, DISCOUNTS_G1),
  run: (input) => sumOfProducts('G1', input, G1_LENGTH),
};

const g2Add: Precompile = {
  name: 'bls12G2Add',
  address: 0x0d,
  since: 'prague',
  gas: () => 600n,
  run: (input) => add('G2', input, G2_LENGTH),
};

const g2Msm: Precompile = {
  name: 'bls12G2Msm',
  address: 0x0e,
  since: 'prague',
  gas: (input) => msmGas(input.length, TERM_LENGTH_G2, 22_500n, DISCOUNTS_G2),
  run: (input) => sumOfProducts('G2', input, G2_LENGTH),
};

const pairing: Precompile = {
  name: 'bls12Pairing',
  address: 0x0f,
  since: 'prague',
  gas: (input) => 37_700n + 32_600n * BigInt(Math.floor(input.length / PAIR_LENGTH)),
  run(input) {
    if (input.length === 0 || input.length % PAIR_LENGTH !== 0) return undefined;
    const pairs: Pair[] = [];
    for (let offset = 0; offset < input.length; offset += PAIR_LENGTH) {
      const g1 = input.subarray(offset, offset + G1_LENGTH);
      const g2 = input.subarray(offset + G1_LENGTH, offset + PAIR_LENGTH);
      pairs.push({ g1, g2, membershipG1: 'subgroup' });
    }
    const isOne = bls12Curve().isPairingProductOne(pairs);
    return isOne === undefined ? undefined : booleanWord(isOne);
  },
};

const mapFpToG1: Precompile = {
  name: 'bls12MapFpToG1',
  address: 0x10,
  since: 'prague',
  gas: () => 5500n,
  run: (input) => (input.length === FP_LENGTH ? bls12Curve().map('G1', input) : undefined),
};

const mapFp2ToG2: Precompile = {
  name: 'bls12MapFp2ToG2',
  address: 0x11,
  since: 'prague',
  gas: () => 23_800n,
  run: (input) => (input.length === 2 * FP_LENGTH ? bls12Curve().map('G2', input) : undefined),
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

/** Points of sums need not be of the subgroup. */
function add(group: GroupName, input: Uint8Array, length: number): Uint8Array | undefined {
  if (input.length !== 2 * length) return undefined;
  return bls12Curve().add(group, input.subarray(0, length), input.subarray(length));
}

function sumOfProducts(
  group: GroupName,
  input: Uint8Array,
  pointLength: number,
): Uint8Array | undefined {
  const termLength = pointLength + SCALAR_LENGTH;
  if (input.length === 0 || input.length % termLength !== 0) return undefined;
  const terms: Term[] = [];
  for (let offset = 0; offset < input.length; offset += termLength) {
    const point = input.subarray(offset, offset + pointLength);
    terms.push({ point, scalar: input.subarray(offset + pointLength, offset + termLength) });
  }
  return bls12Curve().sumOfProducts(group, terms, 'subgroup');
}
