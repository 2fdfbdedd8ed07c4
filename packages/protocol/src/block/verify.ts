import { equalBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { CryptoProvider, HashFunction, PlainAlgorithmId, Verdict } from '../suite.ts';
import { isMerkleAlgorithm, plainAlgorithm } from '../suites/algorithms.ts';
import { keyId } from '../suites/key-id.ts';
import { nobleProvider } from '../suites/noble.ts';
import { sha256 } from '../tree/hash.ts';
import type { Entry } from './entry.ts';
import { signedBytes } from './hash.ts';
import { decodeMerkleSignature, merkleBatchRoot, merkleSignedMessage } from './merkle-signed.ts';

/** What a plain suite has to check for one entry. Blocks of one signed batch make equal claims. */
export interface SignatureClaim {
  readonly algorithm: PlainAlgorithmId;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * The plain signature and message behind an entry. For Merkle-signed entries it walks the path; a
 * batch verifier may then check each distinct claim once.
 * @throws ProtocolError `invalid-signature` (malformed Merkle signature), `payload-mismatch`
 *   (version 1 without its payload)
 */
export function signatureClaim(
  entry: Entry,
  payload?: Uint8Array,
  hash: HashFunction = sha256,
): SignatureClaim {
  const { algorithm } = entry.header;
  const plain = plainAlgorithm(algorithm);
  if (!isMerkleAlgorithm(algorithm)) {
    return { algorithm: plain, message: signedBytes(entry, payload), signature: entry.signature };
  }
  const signature = decodeMerkleSignature(entry.signature);
  const root = merkleBatchRoot(entry.headerBytes, signature, hash);
  return {
    algorithm: plain,
    message: merkleSignedMessage(signature.size, root),
    signature: signature.inner,
  };
}

/**
 * Whether this key signed this entry, with a provider of the caller's choice and no other code.
 * `undefined` means valid; `wrong-writer` that the header names another key; `invalid-signature`,
 * `unknown-algorithm`, `payload-mismatch` (version 1 without its payload) what they say. A version
 * 1 signature covers the payload; in version 2 the payload is for `checkPayload`.
 */
export function verifySignatureWith(
  provider: CryptoProvider,
  entry: Entry,
  publicKey: Uint8Array,
  payload?: Uint8Array,
): Verdict {
  const { header } = entry;
  const namesThisKey =
    header.version === 1
      ? entry.publicKey !== undefined && equalBytes(entry.publicKey, publicKey)
      : equalBytes(keyId(header.algorithm, publicKey, provider.sha256), header.keyId);
  if (!namesThisKey) return 'wrong-writer';
  try {
    const claim = signatureClaim(entry, payload, provider.sha256);
    const suite = provider.suite(claim.algorithm);
    return suite.verify(claim.signature, claim.message, publicKey)
      ? undefined
      : 'invalid-signature';
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

/** As `verifySignatureWith`, with every suite of this package unless told otherwise. */
export function verifySignature(
  entry: Entry,
  publicKey: Uint8Array,
  payload?: Uint8Array,
  provider: CryptoProvider = nobleProvider,
): Verdict {
  return verifySignatureWith(provider, entry, publicKey, payload);
}
