import type { Hash32 } from '../brands.ts';
import { ProtocolError } from '../errors.ts';
import type { HashFunction } from '../suite.ts';
import { EMPTY_ROOT, nodeHash, sha256 } from './hash.ts';
import {
  assertLeafIndex,
  completeNodes,
  consistencyRanges,
  inclusionRanges,
  isCount,
  isSubtree,
  type LeafRange,
  type NodeCoordinate,
} from './nodes.ts';

/** Reads the 32-byte hash of a complete node; level 0 holds the leaf hashes. Synchronous. */
export type HashReader = (level: number, index: number) => Hash32;

/** The complete nodes that {@link inclusionProof} reads, so that a caller can fetch them first. */
export function nodesForInclusion(index: number, size: number): NodeCoordinate[] {
  assertLeafIndex(index, size);
  return nodesOf(inclusionRanges(index, 0, size));
}

/** The complete nodes that {@link consistencyProof} reads. */
export function nodesForConsistency(from: number, to: number): NodeCoordinate[] {
  assertSizes(from, to);
  return from === 0 ? [] : nodesOf(consistencyRanges(0, from, to));
}

/** The complete nodes that {@link treeRoot} reads: the peaks of the tree of `size` leaves. */
export function nodesForRoot(size: number): NodeCoordinate[] {
  assertSizes(size, size);
  return completeNodes(0, size);
}

/** 32-byte root of the tree of the first `size` leaves. */
export function treeRoot(size: number, read: HashReader, hash: HashFunction = sha256): Hash32 {
  assertSizes(size, size);
  return size === 0 ? EMPTY_ROOT : rangeHash({ start: 0, end: size }, read, hash);
}

/**
 * Inclusion proof of the leaf `index` in the tree of `size` leaves (RFC 9162 section 2.1.3.1): 32
 * bytes each, the leaf's sibling first.
 *
 * @throws ProtocolError `invalid-index`
 */
export function inclusionProof(
  index: number,
  size: number,
  read: HashReader,
  hash: HashFunction = sha256,
): Hash32[] {
  assertLeafIndex(index, size);
  return inclusionRanges(index, 0, size).map((range) => rangeHash(range, read, hash));
}

/**
 * Consistency proof between the trees of the first `from` and the first `to` leaves (RFC 9162
 * section 2.1.4.1). Empty when `from` is 0 or equal to `to`.
 *
 * @throws ProtocolError `invalid-index` unless 0 <= from <= to
 */
export function consistencyProof(
  from: number,
  to: number,
  read: HashReader,
  hash: HashFunction = sha256,
): Hash32[] {
  assertSizes(from, to);
  if (from === 0) return [];
  return consistencyRanges(0, from, to).map((range) => rangeHash(range, read, hash));
}

/**
 * Inclusion proof of the leaf `index` in the sub-tree [start, end)
 * (draft-ietf-plants-merkle-tree-certs, subtree inclusion proofs).
 *
 * @throws ProtocolError `invalid-index` unless [start, end) is a sub-tree and holds the leaf
 */
export function subtreeInclusionProof(
  index: number,
  start: number,
  end: number,
  read: HashReader,
  hash: HashFunction = sha256,
): Hash32[] {
  assertSubtree(start, end);
  if (!isCount(index) || index < start || index >= end) {
    throw new ProtocolError('invalid-index', 'expected an index within the sub-tree', {
      index,
      start,
      end,
    });
  }
  return inclusionRanges(index, start, end).map((range) => rangeHash(range, read, hash));
}

/**
 * Proof that the sub-tree [start, end) belongs to the tree of `size` leaves
 * (draft-ietf-plants-merkle-tree-certs, subtree consistency proofs).
 *
 * @throws ProtocolError `invalid-index` unless [start, end) is a sub-tree of such a tree
 */
export function subtreeConsistencyProof(
  start: number,
  end: number,
  size: number,
  read: HashReader,
  hash: HashFunction = sha256,
): Hash32[] {
  assertSubtree(start, end);
  assertSizes(end, size);
  return consistencyRanges(start, end, size).map((range) => rangeHash(range, read, hash));
}

/** Hash of a range of leaves out of its complete nodes. */
export function rangeHash(range: LeafRange, read: HashReader, hash: HashFunction): Hash32 {
  const nodes = completeNodes(range.start, range.end);
  const last = nodes[nodes.length - 1] as NodeCoordinate;
  let root = read(last.level, last.index);
  for (let i = nodes.length - 2; i >= 0; i--) {
    const node = nodes[i] as NodeCoordinate;
    root = nodeHash(read(node.level, node.index), root, hash);
  }
  return root;
}

/** The complete nodes under some ranges. */
export function nodesOf(ranges: readonly LeafRange[]): NodeCoordinate[] {
  return ranges.flatMap((range) => completeNodes(range.start, range.end));
}

function assertSizes(from: number, to: number): void {
  if (isCount(from) && isCount(to) && from <= to) return;
  throw new ProtocolError('invalid-index', 'expected sizes with 0 <= from <= to < 2^53', {
    from,
    to,
  });
}

function assertSubtree(start: number, end: number): void {
  if (isSubtree(start, end)) return;
  throw new ProtocolError('invalid-index', 'expected an aligned, non-empty sub-tree', {
    start,
    end,
  });
}
