import type { Hash32 } from '../src/brands.ts';
import { utf8 } from '../src/bytes.ts';
import type { HashFunction } from '../src/suite.ts';
import { EMPTY_ROOT, leafHash, nodeHash, sha256 } from '../src/tree/hash.ts';

/** MTH of RFC 6962 section 2.1, word for word: what everything faster is held against. */
export function naiveRoot(leaves: readonly Hash32[], hash: HashFunction = sha256): Hash32 {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0] as Hash32;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(
    naiveRoot(leaves.slice(0, split), hash),
    naiveRoot(leaves.slice(split), hash),
    hash,
  );
}

/** `count` different leaf hashes, the same on every run. */
export function sampleLeaves(count: number, label = 'leaf'): Hash32[] {
  return Array.from({ length: count }, (_, i) => leafHash(utf8(`${label} ${i}`)));
}

/** The array with one bit flipped. */
export function flipBit(bytes: Uint8Array, position: number): Uint8Array {
  const copy = bytes.slice();
  const at = Math.floor(position / 8) % copy.length;
  copy[at] = (copy[at] as number) ^ (1 << (position % 8));
  return copy;
}
