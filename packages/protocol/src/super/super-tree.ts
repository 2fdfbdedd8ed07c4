import { assert } from '../assert.ts';
import type { BlockHash, Hash32, NamespaceId } from '../brands.ts';
import { concatBytes, dataView, equalBytes, readU64, writeU64 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { namespaceBytes } from '../namespace/id.ts';
import type { HashFunction } from '../suite.ts';
import { EMPTY_ROOT, HASH_BYTES, sha256 } from '../tree/hash.ts';

/**
 * The super-tree: what every namespace's log looks like at one moment, in one root.
 *
 * A binary tree over the 256 bits of key = SHA-256(namespace, 16 bytes), path-compressed: a branch
 * stands only where two keys part, so 100,000 namespaces have paths of about 17 branches.
 *
 *   leaf   = H(0x02 || key (32) || size (u64) || root (32) || head hash (32))
 *   branch = H(0x03 || depth (u8) || prefix (32) || left (32) || right (32))
 *
 * `depth` is the number of the first bit (0 = most significant) in which keys below differ;
 * `prefix`
 * is the bits before it, which they share, and zeroes. A branch commits to its prefix, so a key has
 * exactly one way down a given root: it ends at the key's own leaf (presence), or at a leaf or
 * branch
 * that cannot have the key below it (absence), and never at both. The empty tree is the hash of
 * nothing. The prefix bytes differ from those of RFC 6962 trees.
 *
 * Nodes are never changed, so old trees stay valid and cost only what differs. A node's hash is
 * computed when it is first asked for: many updates in an epoch hash the upper branches once.
 */
export interface SuperTree {
  /** Number of namespaces. */
  readonly count: number;
  readonly node: SuperNode | undefined;
  readonly hash: HashFunction;
}

/** Size, root and head of one namespace's log. */
export interface SuperValue {
  readonly size: number;
  /** 32-byte root of the tree of `size` leaves. */
  readonly root: Hash32;
  /** 32-byte hash of block `size - 1`; zeroes for an empty log. */
  readonly headHash: BlockHash;
}

/** A node in memory; `digest` is filled in once. */
export type SuperNode = SuperLeaf | SuperBranch;

export interface SuperLeaf {
  readonly kind: 'leaf';
  readonly key: Uint8Array;
  readonly value: SuperValue;
  digest: Hash32 | undefined;
}

export interface SuperBranch {
  readonly kind: 'branch';
  readonly depth: number;
  /** Key of some leaf below: its first `depth` bits are the prefix. */
  readonly key: Uint8Array;
  readonly left: SuperNode;
  readonly right: SuperNode;
  digest: Hash32 | undefined;
}

const LEAF_PREFIX = 0x02;
const BRANCH_PREFIX = 0x03;

/** Bytes of an encoded value: u64 size, root, head hash. */
const SUPER_VALUE_BYTES: number = 8 + 2 * HASH_BYTES;

export function emptySuperTree(hash: HashFunction = sha256): SuperTree {
  return { count: 0, node: undefined, hash };
}

/** The tree with the namespace's value set; `tree` stays as it is. Namespaces never leave. */
export function setSuperValue(
  tree: SuperTree,
  namespace: NamespaceId,
  value: SuperValue,
): SuperTree {
  const key = superKey(namespace, tree.hash);
  const leaf: SuperLeaf = { kind: 'leaf', key, value, digest: undefined };
  if (tree.node === undefined) return { count: 1, node: leaf, hash: tree.hash };
  // The leaf at the end of the key's way shares the longest prefix with it of all keys in the tree.
  const difference = firstDifference(endOfWay(tree.node, key).key, key);
  const isNew = difference < 8 * HASH_BYTES;
  const node = insert(tree.node, leaf, difference);
  return { count: tree.count + (isNew ? 1 : 0), node, hash: tree.hash };
}

/** The value of a namespace, or undefined where it has none. */
export function superValue(tree: SuperTree, namespace: NamespaceId): SuperValue | undefined {
  return findLeaf(tree.node, superKey(namespace, tree.hash))?.value;
}

/** 32-byte root; hashes whatever has changed since it was last asked for. */
export function superTreeRoot(tree: SuperTree): Hash32 {
  return tree.node === undefined ? EMPTY_ROOT : nodeDigest(tree.node, tree.hash);
}

/** SHA-256 of the 16 namespace bytes. */
export function superKey(namespace: NamespaceId, hash: HashFunction = sha256): Uint8Array {
  return hash(namespaceBytes(namespace));
}

export function nodeDigest(node: SuperNode, hash: HashFunction): Hash32 {
  if (node.digest !== undefined) return node.digest;
  node.digest =
    node.kind === 'leaf'
      ? superLeafHash(node.key, node.value, hash)
      : superBranchHash(
          node.depth,
          node.key,
          nodeDigest(node.left, hash),
          nodeDigest(node.right, hash),
          hash,
        );
  return node.digest;
}

export function superLeafHash(key: Uint8Array, value: SuperValue, hash: HashFunction): Hash32 {
  return hash(concatBytes(Uint8Array.of(LEAF_PREFIX), key, encodeSuperValue(value))) as Hash32;
}

/** @param key any key whose first `depth` bits are the prefix */
export function superBranchHash(
  depth: number,
  key: Uint8Array,
  left: Uint8Array,
  right: Uint8Array,
  hash: HashFunction,
): Hash32 {
  const input = new Uint8Array(2 + 3 * HASH_BYTES);
  input[0] = BRANCH_PREFIX;
  input[1] = depth;
  writePrefix(input, 2, key, depth);
  input.set(left, 2 + HASH_BYTES);
  input.set(right, 2 + 2 * HASH_BYTES);
  return hash(input) as Hash32;
}

/** u64 size, 32-byte root, 32-byte head hash. */
export function encodeSuperValue(value: SuperValue): Uint8Array {
  assert(
    value.root.length === HASH_BYTES && value.headHash.length === HASH_BYTES,
    'root and head hash have 32 bytes',
  );
  const size = new Uint8Array(8);
  writeU64(dataView(size), 0, value.size);
  return concatBytes(size, value.root, value.headHash);
}

/** The inverse of {@link encodeSuperValue}. @throws ProtocolError `malformed` */
export function decodeSuperValue(bytes: Uint8Array): SuperValue {
  if (bytes.length !== SUPER_VALUE_BYTES) {
    throw new ProtocolError('malformed', `expected a value of ${SUPER_VALUE_BYTES} bytes`, {
      found: bytes.length,
    });
  }
  return {
    size: readU64(dataView(bytes), 0),
    root: bytes.slice(8, 8 + HASH_BYTES) as Hash32,
    headHash: bytes.slice(8 + HASH_BYTES) as BlockHash,
  };
}

/** 32 bytes: the first `depth` bits of the key, then zeroes. */
export function prefixOf(key: Uint8Array, depth: number): Uint8Array {
  const prefix = new Uint8Array(HASH_BYTES);
  writePrefix(prefix, 0, key, depth);
  return prefix;
}

function writePrefix(target: Uint8Array, offset: number, key: Uint8Array, depth: number): void {
  const whole = depth >>> 3;
  for (let i = 0; i < whole; i++) target[offset + i] = key[i] as number;
  if (depth % 8 > 0) target[offset + whole] = (key[whole] as number) & (0xff00 >>> (depth % 8));
}

/** Number of the first bit in which two 32-byte keys differ; 256 for equal keys. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < HASH_BYTES; i++) {
    const difference = (a[i] as number) ^ (b[i] as number);
    if (difference !== 0) return 8 * i + Math.clz32(difference) - 24;
  }
  return 8 * HASH_BYTES;
}

/** Whether bit `depth` of the key is set: the way right. */
export function goesRight(key: Uint8Array, depth: number): boolean {
  return (((key[depth >>> 3] as number) >>> (7 - (depth % 8))) & 1) === 1;
}

/** @param difference first bit in which the leaf's key parts from the keys on its way */
function insert(node: SuperNode, leaf: SuperLeaf, difference: number): SuperNode {
  const end = node.kind === 'leaf' ? 8 * HASH_BYTES : node.depth;
  if (difference < end) return part(node, leaf, difference);
  if (node.kind === 'leaf') return leaf;
  const { kind, depth, key, left, right } = node;
  return goesRight(leaf.key, depth)
    ? { kind, depth, key, left, right: insert(right, leaf, difference), digest: undefined }
    : { kind, depth, key, left: insert(left, leaf, difference), right, digest: undefined };
}

/** A branch where a new key leaves the way of all keys below `node`. */
function part(node: SuperNode, leaf: SuperLeaf, depth: number): SuperBranch {
  const [left, right] = goesRight(leaf.key, depth) ? [node, leaf] : [leaf, node];
  return { kind: 'branch', depth, key: leaf.key, left, right, digest: undefined };
}

function findLeaf(node: SuperNode | undefined, key: Uint8Array): SuperLeaf | undefined {
  if (node === undefined) return undefined;
  const leaf = endOfWay(node, key);
  return equalBytes(leaf.key, key) ? leaf : undefined;
}

/** The leaf that the bits of the key lead to, whatever key it has. */
function endOfWay(node: SuperNode, key: Uint8Array): SuperLeaf {
  let at = node;
  while (at.kind === 'branch') at = goesRight(key, at.depth) ? at.right : at.left;
  return at;
}
