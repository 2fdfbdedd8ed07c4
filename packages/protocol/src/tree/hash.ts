import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import type { Hash32 } from '../brands.ts';
import { fromHex } from '../bytes.ts';
import type { HashFunction } from '../suite.ts';

/** SHA-256 in plain JavaScript: the default wherever a `hash` parameter is left out. */
export const sha256: HashFunction = nobleSha256;

/** Length of a hash in bytes. */
export const HASH_BYTES = 32;

/** RFC 6962 section 2.1: one byte in front keeps a leaf from being read as a node. */
const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/** Root of the tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1). */
export const EMPTY_ROOT: Hash32 = fromHex(
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
) as Hash32;

/** Entries are a few hundred bytes; hashing is synchronous, so one buffer serves them all. */
const leafScratch: Uint8Array = /* @__PURE__ */ new Uint8Array(1024);

/** 32-byte leaf hash of leaf data of any length: H(0x00 || data), RFC 6962 section 2.1. */
export function leafHash(data: Uint8Array, hash: HashFunction = sha256): Hash32 {
  const length = 1 + data.length;
  const input =
    length <= leafScratch.length ? leafScratch.subarray(0, length) : new Uint8Array(length);
  input[0] = LEAF_PREFIX;
  input.set(data, 1);
  return hash(input) as Hash32;
}

/** 32-byte hash of two 32-byte children: H(0x01 || left || right), RFC 6962 section 2.1. */
export function nodeHash(left: Uint8Array, right: Uint8Array, hash: HashFunction = sha256): Hash32 {
  const input = new Uint8Array(1 + 2 * HASH_BYTES);
  input[0] = NODE_PREFIX;
  input.set(left, 1);
  input.set(right, 1 + HASH_BYTES);
  return hash(input) as Hash32;
}

/** Hashes a pair of 32-byte children; see {@link createNodeHasher}. */
export type NodeHasher = (
  left: Uint8Array,
  leftOffset: number,
  right: Uint8Array,
  rightOffset: number,
) => Uint8Array;

/**
 * A node hasher over one 65-byte scratch buffer, for hot paths: it reads the children at offsets of
 * flat arrays and allocates nothing itself. Not re-entrant, which synchronous hashing never needs.
 */
export function createNodeHasher(hash: HashFunction = sha256): NodeHasher {
  const scratch = new Uint8Array(1 + 2 * HASH_BYTES);
  scratch[0] = NODE_PREFIX;
  return (left, leftOffset, right, rightOffset) => {
    // Measured: for 32 bytes a plain loop beats set(subarray()), which allocates two views.
    for (let i = 0; i < HASH_BYTES; i++) {
      scratch[1 + i] = left[leftOffset + i] as number;
      scratch[1 + HASH_BYTES + i] = right[rightOffset + i] as number;
    }
    return hash(scratch);
  };
}
