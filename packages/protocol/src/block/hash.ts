import type { BlockHash, Hash32 } from '../brands.ts';
import { concatBytes, equalBytes, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { CHUNK_BYTES, HEADER_BYTES } from '../limits.ts';
import { type CryptoProvider, HASH_KIND, type HashFunction, type HashKind } from '../suite.ts';
import { nobleHashes } from '../suites/noble-hashes.ts';
import { leafHash, sha256 } from '../tree/hash.ts';
import type { Entry } from './entry.ts';
import { levelsPath, levelsRoot, rootFromPath, treeLevels } from './small-tree.ts';
import { v1SignedBytes } from './v1.ts';

const SIGN_TAG = /* @__PURE__ */ utf8('basalt/block/v2\n');
const HASH_TAG = /* @__PURE__ */ utf8('basalt/hash/v2\n');

/** Hashes that payload hashing may need; every `CryptoProvider` has them. */
export type PayloadHashes = Pick<CryptoProvider, 'sha256' | 'blake3'>;

/**
 * Bytes under a signature: ASCII tag `basalt/block/v2\n` and the 144 header bytes. Version 1 has no
 * tag: header, size, payload, so the payload is needed.
 * @throws ProtocolError `payload-mismatch` for a version 1 entry without its payload
 */
export function signedBytes(entry: Entry | Uint8Array, payload?: Uint8Array): Uint8Array {
  if (entry instanceof Uint8Array) return taggedHeader(SIGN_TAG, entry);
  if (entry.header.version === 2) return taggedHeader(SIGN_TAG, entry.headerBytes);
  return v1SignedBytes(entry, requirePayload(payload));
}

/**
 * The name of a block. Version 2: SHA-256 of tag `basalt/hash/v2\n` and the 144 header bytes,
 * without the signature, so a second valid signature does not make a second block. Version 1:
 * SHA-256 of envelope and payload.
 * @throws ProtocolError `payload-mismatch` for a version 1 entry without its payload
 */
export function blockHash(
  entry: Entry | Uint8Array,
  payload?: Uint8Array,
  hash: HashFunction = sha256,
): BlockHash {
  if (entry instanceof Uint8Array) return headerHash(entry, hash);
  if (entry.header.version === 2) return headerHash(entry.headerBytes, hash);
  return hash(concatBytes(entry.bytes, requirePayload(payload))) as BlockHash;
}

/**
 * 32-byte payload hash of kind 0 (SHA-256), 1 (RFC 6962 tree over chunks of 16 KiB; the empty
 * payload has no chunks and hashes to SHA-256 of nothing) or 2 (BLAKE3).
 * @throws ProtocolError `unknown-hash-kind`
 */
export function hashPayload(
  payload: Uint8Array,
  kind: HashKind,
  provider: PayloadHashes = nobleHashes,
): Hash32 {
  switch (kind) {
    case HASH_KIND.sha256:
      return provider.sha256(payload) as Hash32;
    case HASH_KIND.sha256Tree:
      return levelsRoot(chunkLevels(payload, provider.sha256));
    case HASH_KIND.blake3:
      return provider.blake3(payload) as Hash32;
    default:
      throw new ProtocolError('unknown-hash-kind', 'expected payload hash kind 0, 1 or 2', {
        found: kind,
      });
  }
}

/** Chunks of a payload: 16 KiB each, the last one shorter; 0 for the empty payload. */
export function chunkCount(payloadLength: number): number {
  return Math.ceil(payloadLength / CHUNK_BYTES);
}

/**
 * Inclusion path of one chunk of a payload with hash kind 1, from the leaf up.
 * @throws ProtocolError `invalid-proof` when the payload has no such chunk
 */
export function chunkProof(
  payload: Uint8Array,
  chunkIndex: number,
  hash: HashFunction = sha256,
): Hash32[] {
  checkChunkIndex(chunkIndex, payload.length);
  return levelsPath(chunkLevels(payload, hash), chunkIndex);
}

/**
 * What a reader needs to trust one chunk: the header fields that a signature covers, and the path.
 */
export interface ChunkClaim {
  readonly chunk: Uint8Array;
  readonly chunkIndex: number;
  /** From the signed header. */
  readonly payloadLength: number;
  /** From the signed header, hash kind 1. */
  readonly payloadHash: Hash32;
  readonly proof: readonly Uint8Array[];
}

/**
 * Checks one chunk without the rest of the payload.
 * @throws ProtocolError `invalid-proof`
 */
export function verifyChunk(claim: ChunkClaim, hash: HashFunction = sha256): void {
  checkChunkIndex(claim.chunkIndex, claim.payloadLength);
  const start = claim.chunkIndex * CHUNK_BYTES;
  const expected = Math.min(CHUNK_BYTES, claim.payloadLength - start);
  if (claim.chunk.length !== expected) {
    throw new ProtocolError('invalid-proof', 'expected a whole chunk', {
      found: claim.chunk.length,
      expected,
    });
  }
  const isHash = (node: Uint8Array): boolean => node.length === 32;
  const size = chunkCount(claim.payloadLength);
  const leaf = leafHash(claim.chunk, hash);
  const root = claim.proof.every(isHash)
    ? rootFromPath(leaf, claim.chunkIndex, size, claim.proof, hash)
    : undefined;
  if (root === undefined || !equalBytes(root, claim.payloadHash)) {
    throw new ProtocolError('invalid-proof', 'expected the chunk to lead to the payload hash', {
      chunkIndex: claim.chunkIndex,
    });
  }
}

function taggedHeader(tag: Uint8Array, headerBytes: Uint8Array): Uint8Array {
  assertHeaderLength(headerBytes);
  return concatBytes(tag, headerBytes);
}

/** One input buffer for all block hashes: hashing is synchronous and keeps nothing. */
const hashInput: Uint8Array = /* @__PURE__ */ concatBytes(HASH_TAG, new Uint8Array(HEADER_BYTES));

function headerHash(headerBytes: Uint8Array, hash: HashFunction): BlockHash {
  assertHeaderLength(headerBytes);
  hashInput.set(headerBytes, HASH_TAG.length);
  return hash(hashInput) as BlockHash;
}

function assertHeaderLength(headerBytes: Uint8Array): void {
  if (headerBytes.length === HEADER_BYTES) return;
  throw new ProtocolError('malformed', 'expected a header of 144 bytes', {
    found: headerBytes.length,
  });
}

function requirePayload(payload: Uint8Array | undefined): Uint8Array {
  if (payload === undefined) {
    throw new ProtocolError(
      'payload-mismatch',
      'expected the payload: signature and hash of version 1 cover it',
    );
  }
  return payload;
}

function chunkLevels(payload: Uint8Array, hash: HashFunction): ReturnType<typeof treeLevels> {
  const leaves: Hash32[] = [];
  for (let start = 0; start < payload.length; start += CHUNK_BYTES) {
    leaves.push(leafHash(payload.subarray(start, start + CHUNK_BYTES), hash));
  }
  return treeLevels(leaves, hash);
}

function checkChunkIndex(chunkIndex: number, payloadLength: number): void {
  const count = chunkCount(payloadLength);
  if (!Number.isInteger(chunkIndex) || chunkIndex < 0 || chunkIndex >= count) {
    throw new ProtocolError('invalid-proof', 'expected a chunk index inside the payload', {
      found: chunkIndex,
      count,
    });
  }
}
