import { ripemd160 as hashRipemd160 } from '@noble/hashes/legacy.js';
import { sha256 as hashSha256 } from '@noble/hashes/sha2.js';
import { countWords } from './bytes.ts';
import type { Precompile } from './types.ts';

// Yellow Paper, appendix E.1.

export const sha256: Precompile = {
  name: 'sha256',
  address: 2,
  since: 'frontier',
  gas: (input) => 60n + 12n * countWords(input.length),
  run: (input) => hashSha256(input),
};

export const ripemd160: Precompile = {
  name: 'ripemd160',
  address: 3,
  since: 'frontier',
  gas: (input) => 600n + 120n * countWords(input.length),
  run(input) {
    const output = new Uint8Array(32);
    output.set(hashRipemd160(input), 12);
    return output;
  },
};

export const identity: Precompile = {
  name: 'identity',
  address: 4,
  since: 'frontier',
  gas: (input) => 15n + 3n * countWords(input.length),
  run: (input) => input.slice(),
};
