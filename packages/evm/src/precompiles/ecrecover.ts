import { keccak_256 } from '@noble/hashes/sha3.js';
import { isAllZero, sliceRightPadded } from './bytes.ts';
import type { Precompile, Recover } from './types.ts';

const NOTHING = new Uint8Array(0);

/** Yellow Paper, appendix E.1. A signature without a key succeeds and gives nothing. */
export function createEcrecover(recover: Recover): Precompile {
  return {
    name: 'ecrecover',
    address: 1,
    since: 'frontier',
    gas: () => 3000n,
    run(input) {
      const words = sliceRightPadded(input, 0, 128);
      const v = words[63];
      if (!isAllZero(words.subarray(32, 63)) || (v !== 27 && v !== 28)) return NOTHING;
      const publicKey = recover(words.subarray(0, 32), words.subarray(64, 128), v - 27);
      if (publicKey === undefined) return NOTHING;
      const output = new Uint8Array(32);
      output.set(keccak_256(publicKey).subarray(12), 12);
      return output;
    },
  };
}
