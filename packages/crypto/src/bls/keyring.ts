import { assert, concatBytes, equalBytes, utf8 } from '@basalt/protocol';
import { PublicKey, SecretKey, Signature, verify } from '@chainsafe/blst';
import { CryptoError } from '../errors.ts';
import { BLS_KEYS_MAX } from '../limits.ts';

/** Compressed lengths of BLS12-381 with public keys in G1 ("minimal public key size"). */
export const BLS_PUBLIC_KEY_BYTES = 48;
export const BLS_SIGNATURE_BYTES = 96;

/**
 * Ordinary messages may not start with this, so a signature under it can only be a proof of
 * possession. (The library fixes one domain separation tag for both.)
 */
const POSSESSION_TAG = utf8('basalt/bls-possession/v1\n');

/** Signs with one BLS key; the secret stays inside. */
export interface BlsSigner {
  /** 48 bytes. */
  readonly publicKey: Uint8Array;
  /** 96 bytes: what `BlsKeyring.add` asks for beside the key. */
  readonly proofOfPossession: Uint8Array;
  /**
   * 96 bytes over a message of any length.
   * @throws CryptoError `unsafe-aggregate` for a message that looks like a proof of possession
   */
  sign(message: Uint8Array): Uint8Array;
}

/** A signer from at least 32 secret random bytes (KeyGen of draft-irtf-cfrg-bls-signature). */
export function createBlsSigner(seed: Uint8Array): BlsSigner {
  assert(seed.length >= 32, 'a BLS seed has at least 32 bytes');
  const secretKey = SecretKey.fromKeygen(seed);
  const publicKey = secretKey.toPublicKey().toBytes();
  return {
    publicKey,
    proofOfPossession: secretKey.sign(concatBytes(POSSESSION_TAG, publicKey)).toBytes(),
    sign(message) {
      assertNoProof(message);
      return secretKey.sign(message).toBytes();
    },
  };
}

/** @throws CryptoError `unsafe-aggregate` */
export function assertNoProof(message: Uint8Array): void {
  if (equalBytes(message.subarray(0, POSSESSION_TAG.length), POSSESSION_TAG)) {
    throw new CryptoError('unsafe-aggregate', 'expected a message, found a proof of possession');
  }
}

/**
 * Public keys whose owners have shown that they hold the secret. Without this a rogue key, made
 * from the others' keys, would let one party sign for all (Ristenpart and Yilek, 2007). Keys are
 * kept decoded and subgroup-checked, so that an aggregate costs one addition a signer.
 */
export class BlsKeyring {
  /** Bounded by `BLS_KEYS_MAX`. */
  readonly #keys = new Map<string, PublicKey>();

  get size(): number {
    return this.#keys.size;
  }

  has(publicKey: Uint8Array): boolean {
    return this.#keys.has(nameOf(publicKey));
  }

  /** @throws CryptoError `invalid-key` when key or proof is not valid, or the ring is full */
  add(publicKey: Uint8Array, proofOfPossession: Uint8Array): void {
    if (this.has(publicKey)) return;
    if (this.#keys.size >= BLS_KEYS_MAX) {
      throw new CryptoError('invalid-key', 'expected room in the keyring', { max: BLS_KEYS_MAX });
    }
    const key = decodeBlsPublicKey(publicKey);
    const proof = decodeBlsSignature(proofOfPossession);
    const message = concatBytes(POSSESSION_TAG, publicKey);
    if (key === undefined || proof === undefined || !verify(message, key, proof)) {
      throw new CryptoError(
        'invalid-key',
        'expected a BLS public key with its proof of possession',
      );
    }
    this.#keys.set(nameOf(publicKey), key);
  }

  remove(publicKey: Uint8Array): boolean {
    return this.#keys.delete(nameOf(publicKey));
  }

  /** The decoded key. @throws CryptoError `unsafe-aggregate` for a key that was never added */
  provenKey(publicKey: Uint8Array): PublicKey {
    const key = this.#keys.get(nameOf(publicKey));
    if (key === undefined) {
      throw new CryptoError('unsafe-aggregate', 'expected keys with a proof of possession');
    }
    return key;
  }
}

/** Compressed only, on the curve, in the subgroup, not infinity; else undefined. */
export function decodeBlsPublicKey(bytes: Uint8Array): PublicKey | undefined {
  if (bytes.length !== BLS_PUBLIC_KEY_BYTES) return undefined;
  try {
    return PublicKey.fromBytes(bytes, true);
  } catch {
    return undefined;
  }
}

/** Compressed only, on the curve, in the subgroup, not infinity; else undefined. */
export function decodeBlsSignature(bytes: Uint8Array): Signature | undefined {
  if (bytes.length !== BLS_SIGNATURE_BYTES) return undefined;
  try {
    return Signature.fromBytes(bytes, true, true);
  } catch {
    return undefined;
  }
}

function nameOf(publicKey: Uint8Array): string {
  return Buffer.from(publicKey).toString('latin1');
}
