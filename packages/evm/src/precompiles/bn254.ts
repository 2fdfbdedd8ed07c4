import { FORKS, type Fork } from '../types.ts';
import { booleanWord, sliceRightPadded } from './bytes.ts';
import { bn254 } from './curves/bn254.ts';
import type { Pair } from './curves/curve.ts';
import type { Precompile } from './types.ts';

const G1_LENGTH = 64;
const PAIR_LENGTH = 192;
const ISTANBUL = FORKS.indexOf('istanbul');
/** All of the curve is G1; only in the twist, for G2, there is a subgroup to ask for. */
const MEMBERSHIP_G1 = 'curve';

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
    const one = sliceRightPadded(input, 0, G1_LENGTH);
    return bn254().add('G1', one, sliceRightPadded(input, G1_LENGTH, G1_LENGTH));
  },
};

/** EIP-196. */
export const bn254Multiply: Precompile = {
  name: 'bn254Multiply',
  address: 7,
  since: 'byzantium',
  gas: (_input, fork) => byFork(fork, 40_000n, 6000n),
  run(input) {
    const point = sliceRightPadded(input, 0, G1_LENGTH);
    const scalar = sliceRightPadded(input, G1_LENGTH, 32);
    return bn254().sumOfProducts('G1', [{ point, scalar }], MEMBERSHIP_G1);
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
    const pairs: Pair[] = [];
    for (let offset = 0; offset < input.length; offset += PAIR_LENGTH) {
      const g1 = input.subarray(offset, offset + G1_LENGTH);
      const g2 = input.subarray(offset + G1_LENGTH, offset + PAIR_LENGTH);
      pairs.push({ g1, g2, membershipG1: MEMBERSHIP_G1 });
    }
    const isOne = bn254().isPairingProductOne(pairs);
    return isOne === undefined ? undefined : booleanWord(isOne);
  },
};
