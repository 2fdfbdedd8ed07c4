import { ml_dsa44, ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { assert } from '../assert.ts';
import { equalBytes } from '../bytes.ts';
import { ALGORITHM, type SignatureSuite } from '../suite.ts';
import { neverThrows } from './never-throws.ts';

const SEED_BYTES = 32;

type Scheme = typeof ml_dsa44;

/**
 * ML-DSA (FIPS 204), pure, empty context. The secret key is the 32-byte seed of FIPS 204 section
 * 3.6.3, far shorter than the expanded key; the expansion is kept while the caller keeps the seed
 * array. Signing is deterministic (rnd = 0), because this package draws no randomness; verifiers
 * accept hedged signatures just as well.
 */
function createMlDsaSuite(
  id: 3 | 5,
  name: string,
  scheme: Scheme,
  publicKeyBytes: number,
  signatureBytes: number,
): SignatureSuite {
  const expanded = new WeakMap<Uint8Array, { seed: Uint8Array; secretKey: Uint8Array }>();
  const expand = (seed: Uint8Array): Uint8Array => {
    const known = expanded.get(seed);
    // The array may have been wiped or reused since.
    if (known !== undefined && equalBytes(known.seed, seed)) return known.secretKey;
    const { secretKey } = scheme.keygen(seed);
    expanded.set(seed, { seed: seed.slice(), secretKey });
    return secretKey;
  };
  return {
    id,
    name,
    seedBytes: SEED_BYTES,
    publicKeyBytes,
    secretKeyBytes: SEED_BYTES,
    signatureBytes,
    keyPairFromSeed(seed) {
      assert(seed.length === SEED_BYTES, 'a seed has 32 bytes');
      const secretKey = seed.slice();
      return { algorithm: id, secretKey, publicKey: scheme.keygen(secretKey).publicKey };
    },
    sign: (message, secretKey) => scheme.sign(message, expand(secretKey), { extraEntropy: false }),
    verify: (signature, message, publicKey) =>
      signature.length === signatureBytes &&
      publicKey.length === publicKeyBytes &&
      neverThrows(() => scheme.verify(signature, message, publicKey)),
  };
}

/** Id 3: public key 1,312 bytes, signature 2,420. */
export const mlDsa44Suite: SignatureSuite = /* @__PURE__ */ createMlDsaSuite(
  ALGORITHM.mlDsa44,
  'ML-DSA-44',
  ml_dsa44,
  1312,
  2420,
);

/** Id 5: public key 1,952 bytes, signature 3,309. */
export const mlDsa65Suite: SignatureSuite = /* @__PURE__ */ createMlDsaSuite(
  ALGORITHM.mlDsa65,
  'ML-DSA-65',
  ml_dsa65,
  1952,
  3309,
);
