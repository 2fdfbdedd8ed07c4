import { ed25519 } from '@noble/curves/ed25519.js';
import { assert } from '../assert.ts';
import { ALGORITHM, type SignatureSuite } from '../suite.ts';
import { neverThrows } from './never-throws.ts';

/**
 * Ed25519 (RFC 8032) with the acceptance rule of ZIP 215: point encodings need not be canonical,
 * small-order points are allowed, the equation is multiplied by the cofactor, s must be below the
 * group order, and the challenge hashes R and A as they were sent. It is the one rule under which a
 * check of one signature and a check of a batch can never disagree.
 */
export const ed25519Suite: SignatureSuite = {
  id: ALGORITHM.ed25519,
  name: 'Ed25519',
  seedBytes: 32,
  publicKeyBytes: 32,
  secretKeyBytes: 32,
  signatureBytes: 64,
  keyPairFromSeed(seed) {
    assert(seed.length === 32, 'a seed has 32 bytes');
    const secretKey = seed.slice();
    const publicKey = ed25519.getPublicKey(secretKey);
    return { algorithm: ALGORITHM.ed25519, secretKey, publicKey };
  },
  sign: (message, secretKey) => ed25519.sign(message, secretKey),
  verify: (signature, message, publicKey) =>
    signature.length === 64 &&
    publicKey.length === 32 &&
    neverThrows(() => ed25519.verify(signature, message, publicKey, { zip215: true })),
};
