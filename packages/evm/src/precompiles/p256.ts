import { p256 } from '@noble/curves/nist.js';
import { booleanWord } from './bytes.ts';
import type { Precompile } from './types.ts';

const INPUT_LENGTH = 160;
const NOTHING = new Uint8Array(0);

/** EIP-7951: hash, r, s, x, y. A signature that does not hold succeeds and gives nothing. */
export const p256Verify: Precompile = {
  name: 'p256Verify',
  address: 0x100,
  since: 'osaka',
  gas: () => 6900n,
  run(input) {
    if (input.length !== INPUT_LENGTH) return NOTHING;
    const publicKey = new Uint8Array(65);
    publicKey[0] = 4;
    publicKey.set(input.subarray(96), 1);
    const options = { prehash: false, lowS: false, format: 'compact' } as const;
    try {
      const isValid = p256.verify(input.slice(32, 96), input.slice(0, 32), publicKey, options);
      return isValid ? booleanWord(true) : NOTHING;
    } catch {
      return NOTHING;
    }
  },
};
