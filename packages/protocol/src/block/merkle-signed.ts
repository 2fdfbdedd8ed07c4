import { assert } from '../assert.ts';
import type { Hash32 } from '../brands.ts';
import { concatBytes, dataView, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { SIGNED_BATCH_BLOCKS_MAX } from '../limits.ts';
import type { HashFunction, Signer } from '../suite.ts';
import { isPlainAlgorithm, merkleAlgorithm } from '../suites/algorithms.ts';
import { leafHash, sha256 } from '../tree/hash.ts';
import { signedBytes } from './hash.ts';
import { levelsPath, levelsRoot, pathLength, rootFromPath, treeLevels } from './small-tree.ts';

/**
 * One signature for up to 256 blocks. The leaves of an RFC 6962 tree are the signed bytes of the
 * headers; the key signs `basalt/batch/v2\n`, u16 size, root. Each block carries u16 position, u16
 * size, the inclusion path (32 bytes a hash, leaf to root), and that inner signature.
 */
export interface MerkleSignature {
  readonly position: number;
  readonly size: number;
  readonly path: readonly Hash32[];
  /** Signature of the plain algorithm over `merkleSignedMessage`. */
  readonly inner: Uint8Array;
}

const BATCH_TAG = /* @__PURE__ */ utf8('basalt/batch/v2\n');
const PREFIX_BYTES = 4;

/**
 * Signatures for a batch of 144-byte headers, in their order; each header's algorithm must already
 * be the Merkle-signed form of the signer's.
 * @throws ProtocolError `unknown-algorithm` when the signer's algorithm has no Merkle-signed form
 */
export function signMerkleBatch(
  headers: readonly Uint8Array[],
  signer: Signer,
  hash: HashFunction = sha256,
): Uint8Array[] {
  const size = headers.length;
  assert(size >= 1 && size <= SIGNED_BATCH_BLOCKS_MAX, 'a signed batch has 1 to 256 blocks');
  if (!isPlainAlgorithm(signer.algorithm) || merkleAlgorithm(signer.algorithm) === undefined) {
    throw new ProtocolError('unknown-algorithm', 'expected a signer with a Merkle-signed form', {
      found: signer.algorithm,
    });
  }
  const levels = treeLevels(
    headers.map((header) => leafHash(signedBytes(header), hash)),
    hash,
  );
  const inner = signer.sign(merkleSignedMessage(size, levelsRoot(levels)));
  return headers.map((_, position) =>
    encodeMerkleSignature({ position, size, path: levelsPath(levels, position), inner }),
  );
}

/** Bytes under the inner signature: tag `basalt/batch/v2\n`, u16 size, root. */
export function merkleSignedMessage(size: number, root: Hash32): Uint8Array {
  const message = concatBytes(BATCH_TAG, new Uint8Array(2), root);
  dataView(message).setUint16(BATCH_TAG.length, size);
  return message;
}

export function encodeMerkleSignature(signature: MerkleSignature): Uint8Array {
  const prefix = new Uint8Array(PREFIX_BYTES);
  const view = dataView(prefix);
  view.setUint16(0, signature.position);
  view.setUint16(2, signature.size);
  return concatBytes(prefix, ...signature.path, signature.inner);
}

/**
 * Reads position, size and as many hashes as they ask for; the rest is the inner signature, whose
 * length its suite checks.
 * @throws ProtocolError `invalid-signature`
 */
export function decodeMerkleSignature(bytes: Uint8Array): MerkleSignature {
  const invalid = (message: string): ProtocolError =>
    new ProtocolError('invalid-signature', message, { length: bytes.length });
  if (bytes.length < PREFIX_BYTES) throw invalid('expected the position in a signed batch');
  const view = dataView(bytes);
  const position = view.getUint16(0);
  const size = view.getUint16(2);
  if (size === 0 || size > SIGNED_BATCH_BLOCKS_MAX || position >= size) {
    throw invalid('expected a position in a batch of 1 to 256 blocks');
  }
  const innerOffset = PREFIX_BYTES + 32 * pathLength(position, size);
  if (bytes.length < innerOffset) throw invalid('expected the whole path to the root of the batch');
  const path: Hash32[] = [];
  for (let offset = PREFIX_BYTES; offset < innerOffset; offset += 32) {
    path.push(bytes.subarray(offset, offset + 32) as Hash32);
  }
  return { position, size, path, inner: bytes.subarray(innerOffset) };
}

/**
 * Root of the batch that this header and path lead to. Whether it was signed is for the inner
 * signature: `signatureClaim` gives both.
 */
export function merkleBatchRoot(
  headerBytes: Uint8Array,
  signature: MerkleSignature,
  hash: HashFunction = sha256,
): Hash32 {
  const leaf = leafHash(signedBytes(headerBytes), hash);
  const { position, size, path } = signature;
  const root = rootFromPath(leaf, position, size, path, hash);
  assert(root !== undefined, 'a decoded Merkle signature has the path length of its position');
  return root;
}
