import type { Hash32 } from '../brands.ts';
import { equalBytes } from '../bytes.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import type { HashFunction } from '../suite.ts';
import { HASH_BYTES, nodeHash, sha256 } from './hash.ts';
import {
  assertLeafIndex,
  isCount,
  type LeafRange,
  type NodeCoordinate,
  splitPoint,
} from './nodes.ts';
import { type HashReader, nodesOf, rangeHash } from './proof.ts';

/** A page of a list has at most 1,000 blocks; four pages bound the work of one verification. */
const MULTI_PROOF_LEAVES_MAX = 4096;

/**
 * Shows many leaves to be in one tree with every shared hash once: an inclusion proof for each of
 * them, less what the others give away.
 */
export interface MultiProof {
  readonly size: number;
  /** 1 to 4,096 leaves, rising, none twice. */
  readonly indexes: readonly number[];
  /** 32 bytes each: the largest ranges without a proven leaf, from left to right. */
  readonly hashes: readonly Hash32[];
}

/** The complete nodes that {@link multiProof} reads. @throws ProtocolError `invalid-index` */
export function nodesForMultiProof(indexes: readonly number[], size: number): NodeCoordinate[] {
  return nodesOf(missingRanges(sortedIndexes(indexes, size), size));
}

/**
 * Multi-proof for some leaves, in any order, of the tree of `size` leaves.
 *
 * @throws ProtocolError `invalid-index` on no leaf, more than 4,096, or one outside the tree
 */
export function multiProof(
  indexes: readonly number[],
  size: number,
  read: HashReader,
  hash: HashFunction = sha256,
): MultiProof {
  const sorted = sortedIndexes(indexes, size);
  const hashes = missingRanges(sorted, size).map((range) => rangeHash(range, read, hash));
  return { size, indexes: sorted, hashes };
}

/**
 * Checks that all leaves are in the tree.
 *
 * @param claim.leafHashes 32 bytes each, in the order of `proof.indexes`
 * @throws ProtocolError `invalid-proof` on a wrong root, a missing or extra hash, a hash that is
 *   not 32 bytes long, indexes that do not rise, or an index outside the tree
 */
export function verifyMultiProof(
  claim: {
    readonly proof: MultiProof;
    readonly leafHashes: readonly Uint8Array[];
    readonly root: Uint8Array;
  },
  hash: HashFunction = sha256,
): void {
  const { proof, leafHashes, root } = claim;
  const { size, indexes, hashes } = proof;
  if (!areProofIndexes(indexes, size)) refuse('expected 1 to 4,096 rising indexes in the tree');
  if (leafHashes.length !== indexes.length) refuse('expected one leaf hash for each index');
  if (hashes.length !== missingRanges(indexes, size).length) {
    refuse('expected another number of hashes');
  }
  const all = [...leafHashes, ...hashes, root];
  if (!all.every((one) => one.length === HASH_BYTES)) refuse('expected hashes of 32 bytes');
  let nextLeaf = 0;
  let nextHash = 0;
  const fold = (low: number, high: number): Uint8Array => {
    const index = indexes[nextLeaf];
    if (index === undefined || index >= high) return hashes[nextHash++] as Uint8Array;
    if (high - low === 1) return leafHashes[nextLeaf++] as Uint8Array;
    const middle = low + splitPoint(high - low);
    const left = fold(low, middle);
    return nodeHash(left, fold(middle, high), hash);
  };
  if (!equalBytes(fold(0, size), root)) refuse('the proof leads to another root');
}

/**
 * u64 size, u32 number of leaves, the first index and then each difference to the one before as
 * LEB128, the hashes. Their number follows from size and indexes.
 */
export function encodeMultiProof(proof: MultiProof): Uint8Array {
  const writer = new ByteWriter().u64(proof.size).u32(proof.indexes.length);
  let previous = 0;
  for (const index of proof.indexes) {
    writeLeb128(writer, index - previous);
    previous = index;
  }
  for (const one of proof.hashes) writer.bytes(one);
  return writer.done();
}

/** @throws ProtocolError `malformed` */
export function decodeMultiProof(bytes: Uint8Array): MultiProof {
  const reader = new ByteReader(bytes, 'a multi-proof');
  const size = reader.u64();
  const count = reader.u32();
  if (count > MULTI_PROOF_LEAVES_MAX) {
    throw new ProtocolError('malformed', 'expected at most 4,096 leaves', { count });
  }
  const indexes: number[] = [];
  let previous = 0;
  for (let i = 0; i < count; i++) {
    previous += readLeb128(reader);
    indexes.push(previous);
  }
  if (!areProofIndexes(indexes, size)) {
    throw new ProtocolError('malformed', 'expected rising indexes in the tree', { size, count });
  }
  const hashes = missingRanges(indexes, size).map(() => reader.bytes(HASH_BYTES).slice() as Hash32);
  reader.end();
  return { size, indexes, hashes };
}

/** The largest sub-trees without any of the leaves, from left to right. */
function missingRanges(sorted: readonly number[], size: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  let next = 0;
  const walk = (start: number, end: number): void => {
    const index = sorted[next];
    if (index === undefined || index >= end) {
      ranges.push({ start, end });
    } else if (end - start === 1) {
      next++;
    } else {
      const middle = start + splitPoint(end - start);
      walk(start, middle);
      walk(middle, end);
    }
  };
  walk(0, size);
  return ranges;
}

function sortedIndexes(indexes: readonly number[], size: number): number[] {
  if (indexes.length === 0 || indexes.length > MULTI_PROOF_LEAVES_MAX) {
    throw new ProtocolError('invalid-index', 'expected 1 to 4,096 leaves', {
      count: indexes.length,
    });
  }
  for (const index of indexes) assertLeafIndex(index, size);
  return [...new Set(indexes)].sort((a, b) => a - b);
}

function areProofIndexes(indexes: readonly number[], size: number): boolean {
  if (indexes.length === 0 || indexes.length > MULTI_PROOF_LEAVES_MAX) return false;
  let previous = -1;
  for (const index of indexes) {
    if (!isCount(index) || index <= previous) return false;
    previous = index;
  }
  return isCount(size) && previous < size;
}

function writeLeb128(writer: ByteWriter, value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) writer.u8((rest % 0x80) | 0x80);
  writer.u8(rest);
}

/** At most 8 bytes (2^53 needs 8), the last one not zero unless alone: one spelling per number. */
function readLeb128(reader: ByteReader): number {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 8; i++, scale *= 0x80) {
    const byte = reader.u8();
    value += (byte & 0x7f) * scale;
    if (byte >= 0x80) continue;
    if ((byte === 0 && i > 0) || !isCount(value)) break;
    return value;
  }
  throw new ProtocolError('malformed', 'expected a LEB128 number below 2^53');
}

function refuse(message: string): never {
  throw new ProtocolError('invalid-proof', message);
}
