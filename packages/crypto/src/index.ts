/**
 * Cryptography on this machine: the suites of `@basalt/protocol` on node:crypto and native code,
 * batch verification on worker threads, payload and note encryption, key files.
 *
 * Specifications: RFC 8032 with the acceptance rule of ZIP 215 (Ed25519), FIPS 186-5 (ECDSA),
 * FIPS 204 (ML-DSA), draft-irtf-cfrg-bls-signature (BLS), RFC 8439 (ChaCha20-Poly1305), RFC 9106
 * (argon2id), the BLAKE3 paper.
 *
 * Invariants:
 * - One acceptance rule: a signature is valid here exactly when `nobleProvider` says so, whether it
 *   is checked alone, in a batch, by the kernel or on a worker.
 * - A batch answers for every block, never with one boolean.
 * - A queue refuses (`queue-full`) before it grows beyond its bound.
 * - Secrets appear in no error, no log and no message to a worker.
 *
 * @example
 * const provider = createNativeProvider();
 * await using pool = createVerifierPool({ workers: 2, maxQueuedBlocks: 10_000 });
 * const items = [{ entry: block.entry, publicKey, payload: block.payload }];
 * const verdicts = await verifyBatch(items, { provider, parallel: pool });
 * verdicts[0]; // undefined: valid; else the code of what is wrong
 *
 * Limits: `limits.ts`. Verification is not constant time (its inputs are public). Signing is as
 * constant-time as OpenSSL and blst are; where Node lacks ML-DSA (before 24.7), noble's is not.
 * `wipe` zeroes what it is given; copies that the engine made are out of reach.
 *
 * @module
 */

export {
  AEAD_KEY_BYTES,
  AEAD_NONCE_BYTES,
  AEAD_TAG_BYTES,
  type AeadKey,
  openAead,
  sealAead,
} from './aead.ts';
export type { VerificationItem } from './batch/task.ts';
export {
  type BatchOptions,
  type HashItem,
  verifyBatch,
  verifyBatchSync,
  verifyHashBatch,
} from './batch/verify-batch.ts';
export {
  type AggregateClaim,
  aggregateSignatures,
  type DistinctMessagesClaim,
  type SameMessageClaim,
  verifyAggregatedSignature,
} from './bls/aggregate.ts';
export {
  BLS_PUBLIC_KEY_BYTES,
  BLS_SIGNATURE_BYTES,
  BlsKeyring,
  type BlsSigner,
  createBlsSigner,
} from './bls/keyring.ts';
export { equalConstantTime, wipe } from './constant-time.ts';
export { CryptoError, type CryptoErrorCode, type CryptoErrorMetadata } from './errors.ts';
export { sha256, sha512 } from './hashing.ts';
export { createBlake3 } from './kernel/blake3-kernel.ts';
export {
  createEd25519Kernel,
  type Ed25519Kernel,
  type SignedMessage,
} from './kernel/ed25519-kernel.ts';
export { readKeyFile, type WriteKeyFileOptions, writeKeyFile } from './key-file/key-file.ts';
export { type KeyProtection, type OpenKeyOptions, openKey, sealKey } from './key-file/seal-key.ts';
export {
  createNativeProvider,
  type NativeProvider,
  type NativeProviderOptions,
} from './native/provider.ts';
export {
  createVerifierPool,
  type VerifierPool,
  type VerifierPoolOptions,
} from './pool/verifier-pool.ts';
