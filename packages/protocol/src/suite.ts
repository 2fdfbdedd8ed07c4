import type { ProtocolErrorCode } from './errors.ts';

/**
 * The seam between the protocol and its cryptography. `protocol` brings a pure JavaScript
 * implementation that runs in a browser; `crypto` brings the native one with the same behaviour.
 */

/** One-shot hash. Returns 32 bytes (64 for SHA-512). */
export type HashFunction = (data: Uint8Array) => Uint8Array;

/** Signature algorithm ids of block version 2, u16 on the wire. */
export const ALGORITHM = {
  ed25519: 1,
  ecdsaP256: 2,
  mlDsa44: 3,
  ed25519MlDsa44: 4,
  mlDsa65: 5,
  secp256k1: 6,
  merkleEd25519: 17,
  merkleMlDsa44: 19,
  merkleEd25519MlDsa44: 20,
} as const;

export type AlgorithmId = (typeof ALGORITHM)[keyof typeof ALGORITHM];

/** Algorithms that sign bytes directly; 17, 19 and 20 are built from these by Merkle-signing. */
export type PlainAlgorithmId = 1 | 2 | 3 | 4 | 5 | 6;

/** Payload hash kinds of block version 2. */
export const HASH_KIND = { sha256: 0, sha256Tree: 1, blake3: 2 } as const;

export type HashKind = (typeof HASH_KIND)[keyof typeof HASH_KIND];

export interface KeyPair {
  readonly algorithm: PlainAlgorithmId;
  /** Bytes in the form that the suite's `sign` takes; never logged. */
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** One plain signature algorithm. Lengths are in bytes. */
export interface SignatureSuite {
  readonly id: PlainAlgorithmId;
  readonly name: string;
  readonly seedBytes: number;
  readonly publicKeyBytes: number;
  readonly secretKeyBytes: number;
  readonly signatureBytes: number;
  /** Derives the pair from a seed of `seedBytes` random bytes, deterministically. */
  keyPairFromSeed(seed: Uint8Array): KeyPair;
  sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array;
  /** Never throws: a key or signature of a wrong form is simply not valid. */
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

/** Everything that the protocol needs of cryptography, synchronous. */
export interface CryptoProvider {
  readonly name: string;
  readonly sha256: HashFunction;
  readonly sha512: HashFunction;
  readonly blake3: HashFunction;
  /** @throws ProtocolError `unknown-algorithm` */
  suite(id: PlainAlgorithmId): SignatureSuite;
}

/** Holds a secret key and signs with it: the only way in which other packages use a secret. */
export interface Signer {
  readonly algorithm: AlgorithmId;
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** Result of one check in a batch: `undefined` for valid, else the code of what is wrong. */
export type Verdict = ProtocolErrorCode | undefined;
