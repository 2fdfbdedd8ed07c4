import { keccak256 } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import { ExecutionError } from '../errors.ts';
import { RlpReader } from '../rlp/reader.ts';
import { encodeTop, rootHash, writeReference } from './hashing.ts';
import { HASH_BYTES } from './limits.ts';
import { loadChild } from './load.ts';
import { nibbleAt, toNibbles } from './nibbles.ts';
import { Branch, childKey, freeTree, imageOf, Leaf, type Node, type NodeSource } from './node.ts';
import type { TrieMemory } from './trie-memory.ts';
import { buildTrie, type TrieChanges } from './update.ts';

/** Digits of a path, one a byte. */
export type Path = Uint8Array;

/** A node at the end of a path, and the encoded nodes above it from the root down. */
export interface Subtree {
  readonly node: Node;
  readonly nodes: readonly Uint8Array[];
}

/** @throws ExecutionError `damaged-state`; `invalid-proof` where no node hangs at the path */
export function findSubtree(source: NodeSource, root: Node, path: Path): Subtree {
  const { memory } = source;
  const nodes: Uint8Array[] = [];
  let node = root;
  let depth = 0;
  while (depth < path.length) {
    if (!(node instanceof Branch) || node.end >= path.length) throw noNode(path);
    const top = encodeTop(memory, node, depth);
    if (top.length >= HASH_BYTES || depth === 0) nodes.push(top);
    if (node.start < node.end && node.length >= HASH_BYTES) nodes.push(imageOf(memory, node));
    const digit = path[node.end] as number;
    if ((node.mask & (1 << digit)) === 0) throw noNode(path);
    depth = node.end + 1;
    node = loadChild(source, node, digit);
  }
  return { node, nodes };
}

/** Paths at which the children of a branch hang. */
export function childPaths(branch: Branch): Path[] {
  const paths: Path[] = [];
  for (let digit = 0; digit < 16; digit++) {
    if ((branch.mask & (1 << digit)) === 0) continue;
    paths.push(toNibbles(childKey(branch, digit)).slice(0, branch.end + 1));
  }
  return paths;
}

/** All leaves below a node in the order of their keys. Leaves are not kept in memory. */
export function* leavesBelow(source: NodeSource, node: Node): Iterable<Leaf> {
  if (node instanceof Leaf) {
    yield node;
    return;
  }
  for (let digit = 0; digit < 16; digit++) {
    const bit = 1 << digit;
    if ((node.mask & bit) === 0) continue;
    const known = node.children[digit];
    if (known === undefined && (node.leaves & bit) !== 0) {
      const leaf = source.findLeaf(childKey(node, digit), node.end + 1);
      if (leaf === undefined) throw noNode(toNibbles(childKey(node, digit)));
      yield leaf;
    } else {
      yield* leavesBelow(source, loadChild(source, node, digit));
    }
  }
}

/**
 * Are these leaves all there are below a path of the trie with this root? By the encoded nodes
 * above, from the root down, and by building what is below anew.
 *
 * @throws ExecutionError `invalid-proof`, `malformed-rlp`
 */
export function verifySubtree(
  memory: TrieMemory,
  root: Uint8Array,
  path: Path,
  nodes: readonly Uint8Array[],
  leaves: TrieChanges,
): void {
  for (const key of leaves.keys) {
    for (let depth = 0; depth < path.length; depth++) {
      if (nibbleAt(key, depth) !== path[depth]) throw invalid('a leaf has another path');
    }
  }
  const node = buildTrie(memory, leaves, path.length);
  try {
    if (path.length === 0) {
      if (nodes.length > 0) throw invalid('a whole trie needs no nodes');
      if (!equalBytes(rootHash(memory, node), root)) throw invalid('the leaves have another root');
      return;
    }
    if (node === undefined) throw invalid('there are no leaves');
    const expected = referenceAtPath(root, path, nodes);
    const length = writeReference(memory, node, path.length, memory.scratch);
    const found = memory.bytes.subarray(memory.scratch, memory.scratch + length);
    if (!equalBytes(found, expected)) throw invalid('the leaves are not those of the path');
  } finally {
    freeTree(memory, node);
  }
}

/** RLP of what stands for the node at a path in the node above it. */
function referenceAtPath(root: Uint8Array, path: Path, nodes: readonly Uint8Array[]): Uint8Array {
  let depth = 0;
  let expected = root;
  for (const [index, node] of nodes.entries()) {
    if (!equalBytes(keccak256(node), expected)) throw invalid(`node ${index} has another hash`);
    let inside: Uint8Array = node;
    for (;;) {
      const [reference, next] = step(inside, path, depth);
      depth = next;
      if (depth === path.length) {
        if (index !== nodes.length - 1) throw invalid('there are nodes too many');
        return reference;
      }
      if (reference.length === 1 + HASH_BYTES) {
        expected = reference.subarray(1);
        break;
      }
      inside = reference;
    }
  }
  throw invalid('a node is missing');
}

function step(node: Uint8Array, path: Path, depth: number): readonly [Uint8Array, number] {
  const reader = new RlpReader(node);
  reader.enterList();
  const items = reader.countItems();
  if (items === 17) {
    for (let digit = 0; digit < (path[depth] as number); digit++) reader.skip();
    return [reader.readRaw(), depth + 1];
  }
  if (items !== 2) throw invalid('a node has neither 2 nor 17 items');
  const digits = toNibbles(reader.readBytes());
  const flags = digits[0] as number;
  const own = digits.subarray(flags % 2 === 1 ? 1 : 2);
  const isOnWay = own.every((digit, index) => digit === path[depth + index]);
  if (flags > 1 || !isOnWay || depth + own.length >= path.length) {
    throw invalid('a node is not on the way');
  }
  return [reader.readRaw(), depth + own.length];
}

function invalid(what: string): ExecutionError {
  return new ExecutionError('invalid-proof', `part of a trie: ${what}`);
}

function noNode(path: Path): ExecutionError {
  const digits = Array.from(path, (digit) => digit.toString(16)).join('');
  return new ExecutionError('invalid-proof', `no node hangs at "${digits}"`, { path: digits });
}
