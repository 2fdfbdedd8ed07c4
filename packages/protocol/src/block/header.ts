import type { BlockHash, Hash32, KeyId, NamespaceId } from '../brands.ts';
import { allocateBytes, dataView, readU64, writeU64 } from '../bytes.ts';
import { readI64, writeI64 } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { HEADER_BYTES, INDEX_MAX, PAYLOAD_BYTES_MAX } from '../limits.ts';
import { namespaceIdAt, writeNamespace } from '../namespace/id.ts';
import type { AlgorithmId, HashKind } from '../suite.ts';
import { isAlgorithmId } from '../suites/algorithms.ts';

/** First two bytes of every version 2 block. */
export const BLOCK_MAGIC = 0x4f4c;

/** Version field of version 2. */
export const BLOCK_VERSION_2 = 0x0200;

/** What both versions say about a block. Hashes are 32 bytes. */
export interface BlockHeader {
  readonly version: 1 | 2;
  readonly namespace: NamespaceId;
  /** 0 is the genesis. */
  readonly index: number;
  /** Milliseconds since the Unix epoch; version 1 has whole seconds. */
  readonly timestampMs: number;
  /** Block hash of the block before; zero at genesis. */
  readonly previous: BlockHash;
  readonly payloadHash: Hash32;
  /** u32, see `PAYLOAD_TYPE`. */
  readonly payloadType: number;
  /** Bytes, at most 16 MiB. */
  readonly payloadLength: number;
  readonly algorithm: AlgorithmId;
  readonly payloadHashKind: HashKind;
  readonly keyId: KeyId;
}

const U32 = 2 ** 32;

/** One namespace usually fills a whole stream: remembering its text saves half of a decode. */
let lastNamespaceWords: readonly [number, number, number, number] = [0, 0, 0, 0];
let lastNamespace = '00000000-0000-0000-0000-000000000000' as NamespaceId;

/**
 * The 144 bytes of a version 2 header.
 * @throws ProtocolError the same codes as `decodeHeader`, for a field out of range
 */
export function encodeHeader(header: BlockHeader): Uint8Array {
  if (header.version !== 2) {
    throw new ProtocolError('version-mismatch', 'expected a header of version 2');
  }
  checkInteger(header.index, 0, INDEX_MAX, 'index');
  checkInteger(header.timestampMs, -INDEX_MAX, INDEX_MAX, 'timestampMs');
  checkInteger(header.payloadType, 0, U32 - 1, 'payloadType');
  checkInteger(header.payloadLength, 0, U32 - 1, 'payloadLength');
  checkFields(header.payloadLength, header.algorithm, header.payloadHashKind);
  const bytes = allocateBytes(HEADER_BYTES);
  const view = dataView(bytes);
  view.setUint16(0, BLOCK_MAGIC);
  view.setUint16(2, BLOCK_VERSION_2);
  writeNamespace(bytes, 4, header.namespace);
  writeU64(view, 20, header.index);
  writeI64(view, 28, header.timestampMs);
  setHash(bytes, 36, header.previous, 'previous');
  setHash(bytes, 68, header.payloadHash, 'payloadHash');
  view.setUint32(100, header.payloadType);
  view.setUint32(104, header.payloadLength);
  view.setUint16(108, header.algorithm);
  view.setUint16(110, header.payloadHashKind);
  setHash(bytes, 112, header.keyId, 'keyId');
  return bytes;
}

/**
 * Reads exactly 144 bytes. Hashes in the result are views of `bytes`, not copies.
 * @throws ProtocolError `malformed`, `version-mismatch`, `payload-too-large`, `unknown-algorithm`,
 *   `unknown-hash-kind`
 */
export function decodeHeader(bytes: Uint8Array): BlockHeader {
  if (bytes.length !== HEADER_BYTES) {
    throw new ProtocolError('malformed', 'expected a header of 144 bytes', {
      found: bytes.length,
    });
  }
  return decodeHeaderAt(bytes, dataView(bytes), 0);
}

/** As `decodeHeader`, at `offset` of a longer buffer that holds at least 144 bytes from there. */
export function decodeHeaderAt(bytes: Uint8Array, view: DataView, offset: number): BlockHeader {
  if (view.getUint16(offset) !== BLOCK_MAGIC || view.getUint16(offset + 2) !== BLOCK_VERSION_2) {
    throw new ProtocolError('version-mismatch', 'expected a block of version 2 (4f4c0200)', {
      found: view.getUint32(offset).toString(16),
    });
  }
  const payloadLength = view.getUint32(offset + 104);
  const algorithm = view.getUint16(offset + 108);
  const payloadHashKind = view.getUint16(offset + 110);
  checkFields(payloadLength, algorithm, payloadHashKind);
  return {
    version: 2,
    namespace: readNamespace(bytes, view, offset + 4),
    index: readU64(view, offset + 20),
    timestampMs: readI64(view, offset + 28),
    previous: bytes.subarray(offset + 36, offset + 68) as BlockHash,
    payloadHash: bytes.subarray(offset + 68, offset + 100) as Hash32,
    payloadType: view.getUint32(offset + 100),
    payloadLength,
    algorithm: algorithm as AlgorithmId,
    payloadHashKind: payloadHashKind as HashKind,
    keyId: bytes.subarray(offset + 112, offset + 144) as KeyId,
  };
}

function checkFields(payloadLength: number, algorithm: number, payloadHashKind: number): void {
  if (payloadLength > PAYLOAD_BYTES_MAX) {
    throw new ProtocolError('payload-too-large', 'expected a payload of at most 16 MiB', {
      found: payloadLength,
      max: PAYLOAD_BYTES_MAX,
    });
  }
  if (!isAlgorithmId(algorithm)) {
    throw new ProtocolError('unknown-algorithm', 'expected a known signature algorithm id', {
      found: algorithm,
    });
  }
  if (payloadHashKind > 2) {
    throw new ProtocolError('unknown-hash-kind', 'expected payload hash kind 0, 1 or 2', {
      found: payloadHashKind,
    });
  }
}

function checkInteger(value: number, min: number, max: number, field: string): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ProtocolError('malformed', `expected ${field} to be an integer in its range`, {
      found: value,
      min,
      max,
    });
  }
}

function setHash(bytes: Uint8Array, offset: number, hash: Uint8Array, field: string): void {
  if (hash.length !== 32) {
    throw new ProtocolError('malformed', `expected ${field} of 32 bytes`, { found: hash.length });
  }
  bytes.set(hash, offset);
}

function readNamespace(bytes: Uint8Array, view: DataView, offset: number): NamespaceId {
  const a = view.getUint32(offset);
  const b = view.getUint32(offset + 4);
  const c = view.getUint32(offset + 8);
  const d = view.getUint32(offset + 12);
  const last = lastNamespaceWords;
  if (a === last[0] && b === last[1] && c === last[2] && d === last[3]) return lastNamespace;
  lastNamespaceWords = [a, b, c, d];
  lastNamespace = namespaceIdAt(bytes, offset);
  return lastNamespace;
}
