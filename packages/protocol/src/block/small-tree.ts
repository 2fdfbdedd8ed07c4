import { assert } from '../assert.ts';
import type { Hash32 } from '../brands.ts';
import type { HashFunction } from '../suite.ts';
import { EMPTY_ROOT, nodeHash, sha256 } from '../tree/hash.ts';

/**
 * RFC 6962 trees that fit in memory: payload chunks (at most 1,024) and signed batches (at most
 * 256). The large tree of a log is in `src/tree`.
 */

/** Hashes of all levels: level 0 are the leaves; an odd last node moves up unchanged. */
export type TreeLevels = readonly (readonly Hash32[])[];

export function treeLevels(leaves: readonly Hash32[], hash: HashFunction = sha256): TreeLevels {
  const levels: (readonly Hash32[])[] = [leaves];
  let level = leaves;
  while (level.length > 1) {
    const above: Hash32[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) {
      above.push(nodeHash(level[i] as Hash32, level[i + 1] as Hash32, hash));
    }
    if (level.length % 2 === 1) above.push(level.at(-1) as Hash32);
    levels.push(above);
    level = above;
  }
  return levels;
}

export function levelsRoot(levels: TreeLevels): Hash32 {
  return levels.at(-1)?.[0] ?? EMPTY_ROOT;
}

/** Inclusion path of leaf `index`, from the leaf up (RFC 6962 section 2.1.1). */
export function levelsPath(levels: TreeLevels, index: number): Hash32[] {
  const size = levels[0]?.length ?? 0;
  assert(Number.isInteger(index) && index >= 0 && index < size, 'leaf index is inside the tree');
  const path: Hash32[] = [];
  let position = index;
  for (const level of levels) {
    const sibling = level[position ^ 1];
    if (sibling !== undefined) path.push(sibling);
    position >>>= 1;
  }
  return path;
}

/** How many hashes the path of leaf `index` in a tree of `size` leaves has. */
export function pathLength(index: number, size: number): number {
  let length = 0;
  for (let position = index, last = size - 1; last > 0; position >>>= 1, last >>>= 1) {
    if (position % 2 === 1 || position < last) length++;
  }
  return length;
}

/**
 * Root of the tree of `size` leaves that has this leaf and path, or undefined if they do not fit.
 */
export function rootFromPath(
  leaf: Hash32,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  hash: HashFunction = sha256,
): Hash32 | undefined {
  if (!(index >= 0 && index < size) || path.length !== pathLength(index, size)) return undefined;
  let root = leaf;
  let used = 0;
  for (let position = index, last = size - 1; last > 0; position >>>= 1, last >>>= 1) {
    if (position % 2 === 1) root = nodeHash(path[used++] as Uint8Array, root, hash);
    else if (position < last) root = nodeHash(root, path[used++] as Uint8Array, hash);
  }
  return root;
}
