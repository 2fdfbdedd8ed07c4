import { ProtocolError } from '../errors.ts';

/** A complete node of the tree: it covers the leaves [index * 2^level, (index + 1) * 2^level). */
export interface NodeCoordinate {
  /** 0 for leaves. */
  readonly level: number;
  readonly index: number;
}

/** Leaves [start, end). */
export interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/** Largest power of two smaller than `count`, for count >= 2: where RFC 6962 splits a tree. */
export function splitPoint(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

/**
 * The complete nodes that make up [start, end), left to right. `start` must be a multiple of the
 * smallest power of two that is at least `end - start`, as it is for every sub-tree of RFC 6962.
 */
export function completeNodes(start: number, end: number): NodeCoordinate[] {
  const nodes: NodeCoordinate[] = [];
  let from = start;
  let width = 1;
  let level = 0;
  while (width * 2 <= end - start) {
    width *= 2;
    level++;
  }
  for (; from < end; width /= 2, level--) {
    if (width > end - from) continue;
    nodes.push({ level, index: from / width });
    from += width;
  }
  return nodes;
}

/** The ranges whose hashes make up an inclusion proof, from the leaf's sibling upwards. */
export function inclusionRanges(index: number, start: number, end: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  let [low, high] = [start, end];
  while (high - low > 1) {
    const middle = low + splitPoint(high - low);
    if (index < middle) {
      ranges.push({ start: middle, end: high });
      high = middle;
    } else {
      ranges.push({ start: low, end: middle });
      low = middle;
    }
  }
  return ranges.reverse();
}

/**
 * The ranges whose hashes make up a proof that the sub-tree [start, end) belongs to the tree of
 * `size` leaves: SUBTREE_PROOF of draft-ietf-plants-merkle-tree-certs, which for start 0 is PROOF
 * of
 * RFC 6962 section 2.1.2. Lowest first.
 */
export function consistencyRanges(start: number, end: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  let [low, high] = [0, size];
  // While the verifier knows the sub-tree's root, a sub-tree that is itself a node needs no hash.
  let known = true;
  let from = start;
  while (from !== low || end !== high) {
    const middle = low + splitPoint(high - low);
    if (end <= middle) {
      ranges.push({ start: middle, end: high });
      high = middle;
    } else {
      ranges.push({ start: low, end: middle });
      if (from < middle) {
        known = false;
        from = middle;
      }
      low = middle;
    }
  }
  if (!known) ranges.push({ start: low, end: high });
  return ranges.reverse();
}

/** Whether [start, end) is a sub-tree: not empty, and `start` aligned to its rounded-up length. */
export function isSubtree(start: number, end: number): boolean {
  if (!isCount(start) || !isCount(end) || start >= end) return false;
  let width = 1;
  while (width < end - start) width *= 2;
  return start % width === 0;
}

/** Whether `value` can be a size or an index: an integer from 0 to 2^53 - 1. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** @throws ProtocolError `invalid-index` unless 0 <= index < size < 2^53 */
export function assertLeafIndex(index: number, size: number): void {
  if (isCount(size) && isCount(index) && index < size) return;
  throw new ProtocolError('invalid-index', 'expected an index of a leaf of the tree', {
    index,
    size,
  });
}
