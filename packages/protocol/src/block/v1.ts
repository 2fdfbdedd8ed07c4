import type { BlockHash, Hash32 } from '../brands.ts';
import { concatBytes, dataView, readU64, writeU64 } from '../bytes.ts';
import { readI64, writeI64 } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { INDEX_MAX, PAYLOAD_BYTES_MAX } from '../limits.ts';
import { v1NamespaceId } from '../namespace/id.ts';
import { ALGORITHM, HASH_KIND, type HashFunction, type Signer } from '../suite.ts';
import { keyId } from '../suites/key-id.ts';
import { sha256 } from '../tree/hash.ts';
import type { Entry } from './entry.ts';
import type { BlockHeader } from './header.ts';

/**
 * Block version 1, big-endian: the 86-byte header (u16 version, u64 index, i64 seconds, previous,
 * payload hash, u32 payload type), u32 payload size, public key (32), signature (64), payload.
 * Ed25519 signs header, size and payload; the block hash is SHA-256 of the whole encoding.
 */
export const V1_HEADER_BYTES = 86;

/** Header, size, public key and signature: what stands before the payload, and the log entry. */
export const V1_ENVELOPE_BYTES = 186;

/** 1.5, the lowest version 1 that has this layout. */
export const V1_VERSION_MIN = 0x0105;

/** The last minor version that the high byte 1 can name. */
export const V1_VERSION_MAX = 0x01ff;

const SIZE_OFFSET = V1_HEADER_BYTES;
const PUBLIC_KEY_OFFSET = 90;
const SIGNATURE_OFFSET = 122;

/** Whether the first two bytes of a block name version 1 (0x0105 to 0x01FF). */
export function isV1Version(firstTwoBytes: number): boolean {
  return firstTwoBytes >= V1_VERSION_MIN && firstTwoBytes <= V1_VERSION_MAX;
}

/** The version field of a version 1 entry, e.g. 0x0107. */
export function v1WireVersion(entry: Entry): number {
  return ((entry.headerBytes[0] as number) << 8) | (entry.headerBytes[1] as number);
}

/**
 * Reads the 186-byte envelope at `offset`. Fields are views of `bytes`. The namespace and the key
 * id are derived from the public key that the envelope carries.
 * @throws ProtocolError `malformed`, `version-mismatch`, `payload-too-large`
 */
export function decodeV1EnvelopeAt(
  bytes: Uint8Array,
  view: DataView,
  offset: number,
  hash: HashFunction = sha256,
): Entry {
  if (bytes.length - offset < V1_ENVELOPE_BYTES) {
    throw new ProtocolError('malformed', 'expected a version 1 envelope of 186 bytes', {
      found: bytes.length - offset,
    });
  }
  if (!isV1Version(view.getUint16(offset))) {
    throw new ProtocolError('version-mismatch', 'expected version 1.5 or a later 1.x', {
      found: view.getUint16(offset),
    });
  }
  const payloadLength = view.getUint32(offset + SIZE_OFFSET);
  checkPayloadSize(payloadLength);
  const publicKey = bytes.subarray(offset + PUBLIC_KEY_OFFSET, offset + SIGNATURE_OFFSET);
  const header: BlockHeader = {
    version: 1,
    namespace: v1NamespaceId(publicKey, hash),
    index: readU64(view, offset + 2),
    timestampMs: checkTimestamp(readI64(view, offset + 10) * 1000),
    previous: bytes.subarray(offset + 18, offset + 50) as BlockHash,
    payloadHash: bytes.subarray(offset + 50, offset + 82) as Hash32,
    payloadType: view.getUint32(offset + 82),
    payloadLength,
    algorithm: ALGORITHM.ed25519,
    payloadHashKind: HASH_KIND.sha256,
    keyId: keyId(ALGORITHM.ed25519, publicKey, hash),
  };
  return {
    bytes: bytes.subarray(offset, offset + V1_ENVELOPE_BYTES),
    header,
    headerBytes: bytes.subarray(offset, offset + V1_HEADER_BYTES),
    signature: bytes.subarray(offset + SIGNATURE_OFFSET, offset + V1_ENVELOPE_BYTES),
    publicKey,
  };
}

/** What a version 1 block is made of; everything else follows from it. */
export interface V1BlockParts {
  /** 0x0105 to 0x01FF. */
  readonly wireVersion: number;
  readonly index: number;
  /** Whole seconds since the Unix epoch. */
  readonly timestampSeconds: number;
  /** 32 bytes, zero at index 0. */
  readonly previous: BlockHash;
  readonly payloadType: number;
  readonly payload: Uint8Array;
}

/**
 * Makes and signs a whole version 1 block (envelope and payload) for a writer that has not moved
 * on.
 * @throws ProtocolError `version-mismatch`, `malformed`, `payload-too-large`, `unknown-algorithm`
 *   (the signer is not Ed25519)
 */
export function encodeV1Block(
  parts: V1BlockParts,
  signer: Signer,
  hash: HashFunction = sha256,
): Uint8Array {
  if (!isV1Version(parts.wireVersion)) {
    throw new ProtocolError('version-mismatch', 'expected version 1.5 or a later 1.x', {
      found: parts.wireVersion,
    });
  }
  if (signer.algorithm !== ALGORITHM.ed25519) {
    throw new ProtocolError('unknown-algorithm', 'version 1 is signed with Ed25519 only', {
      found: signer.algorithm,
    });
  }
  checkPayloadSize(parts.payload.length);
  checkTimestamp(parts.timestampSeconds * 1000);
  const { index, payloadType } = parts;
  if (!Number.isInteger(index) || index < 0 || index > INDEX_MAX) {
    throw new ProtocolError('malformed', 'expected an index from 0 to 2^53 - 1', { found: index });
  }
  if (payloadType >>> 0 !== payloadType || parts.previous.length !== 32) {
    throw new ProtocolError('malformed', 'expected a u32 payload type and a 32-byte previous');
  }
  const envelope = new Uint8Array(V1_ENVELOPE_BYTES);
  const view = dataView(envelope);
  view.setUint16(0, parts.wireVersion);
  writeU64(view, 2, index);
  writeI64(view, 10, parts.timestampSeconds);
  envelope.set(parts.previous, 18);
  envelope.set(hash(parts.payload), 50);
  view.setUint32(82, payloadType);
  view.setUint32(SIZE_OFFSET, parts.payload.length);
  const signed = concatBytes(envelope.subarray(0, PUBLIC_KEY_OFFSET), parts.payload);
  envelope.set(signer.publicKey, PUBLIC_KEY_OFFSET);
  envelope.set(signer.sign(signed), SIGNATURE_OFFSET);
  return concatBytes(envelope, parts.payload);
}

/** Bytes under the signature of a version 1 entry: header, size, payload. */
export function v1SignedBytes(entry: Entry, payload: Uint8Array): Uint8Array {
  return concatBytes(entry.bytes.subarray(0, PUBLIC_KEY_OFFSET), payload);
}

function checkPayloadSize(length: number): void {
  if (length > PAYLOAD_BYTES_MAX) {
    throw new ProtocolError('payload-too-large', 'expected a payload of at most 16 MiB', {
      found: length,
      max: PAYLOAD_BYTES_MAX,
    });
  }
}

function checkTimestamp(timestampMs: number): number {
  if (!Number.isSafeInteger(timestampMs) || timestampMs % 1000 !== 0) {
    throw new ProtocolError('malformed', 'expected whole seconds that fit 2^53 milliseconds');
  }
  return timestampMs;
}
