import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { assert } from '../assert.ts';
import { ALGORITHM, type SignatureSuite } from '../suite.ts';
import { neverThrows } from './never-throws.ts';

/**
 * FIPS 186-5 A.2.1: 16 bytes more than the order, so that the bias of the remainder is negligible.
 */
const SEED_BYTES = 48;

type Curve = typeof p256;

/**
 * ECDSA (FIPS 186-5) over SHA-256 of the message; nonces by RFC 6979. Signatures are r and s, 32
 * bytes each, big-endian. s above half of the order is refused on both curves: else anybody could
 * make a second valid signature of a block from the first. Public keys are compressed points (33
 * bytes).
 */
function createEcdsaSuite(id: 2 | 6, name: string, curve: Curve): SignatureSuite {
  const options = { prehash: true, lowS: true, format: 'compact' } as const;
  return {
    id,
    name,
    seedBytes: SEED_BYTES,
    publicKeyBytes: 33,
    secretKeyBytes: 32,
    signatureBytes: 64,
    keyPairFromSeed(seed) {
      const secretKey = scalarFromSeed(seed, curve.Point.Fn.ORDER);
      return { algorithm: id, secretKey, publicKey: curve.getPublicKey(secretKey, true) };
    },
    sign: (message, secretKey) => curve.sign(message, secretKey, options),
    verify: (signature, message, publicKey) =>
      signature.length === 64 &&
      publicKey.length === 33 &&
      neverThrows(() => curve.verify(signature, message, publicKey, options)),
  };
}

/** (seed mod (order - 1)) + 1, big-endian: a scalar from 1 to order - 1. */
function scalarFromSeed(seed: Uint8Array, order: bigint): Uint8Array {
  assert(seed.length === SEED_BYTES, 'a seed has 48 bytes');
  let value = 0n;
  for (const byte of seed) value = (value << 8n) | BigInt(byte);
  let scalar = (value % (order - 1n)) + 1n;
  const bytes = new Uint8Array(32);
  for (let i = 31; i >= 0; i--) {
    bytes[i] = Number(scalar & 0xffn);
    scalar >>= 8n;
  }
  return bytes;
}

/** Id 2, for keys in security modules and phones. */
export const ecdsaP256Suite: SignatureSuite = /* @__PURE__ */ createEcdsaSuite(
  ALGORITHM.ecdsaP256,
  'ECDSA P-256',
  p256,
);

/** Id 6, for keys of Ethereum-like wallets. The message hash is SHA-256, not Keccak-256. */
export const secp256k1Suite: SignatureSuite = /* @__PURE__ */ createEcdsaSuite(
  ALGORITHM.secp256k1,
  'ECDSA secp256k1',
  secp256k1,
);
