import { assert, equalBytes, toHex } from '@basalt/protocol';
import { ExecutionError } from '../errors.ts';
import { encodeTop, rootHash, writeReference } from './hashing.ts';
import { HASH_BYTES } from './limits.ts';
import { firstDifference, nibbleAt } from './nibbles.ts';
import {
  Branch,
  childKey,
  decodeBranch,
  freeTree,
  imageOf,
  itemBytes,
  type Node,
  type NodeSource,
  referenceAt,
} from './node.ts';
import { EMPTY_TRIE_ROOT } from './ordered-trie.ts';
import type { TrieMemory } from './trie-memory.ts';

/**
 * The node on top of a trie with this root; undefined: the trie is empty.
 *
 * @param keyBytes length of the keys
 * @throws ExecutionError `damaged-state` when the store has no such trie
 */
export function loadRoot(source: NodeSource, root: Uint8Array, keyBytes: number): Node | undefined {
  if (equalBytes(root, EMPTY_TRIE_ROOT)) return undefined;
  const { memory } = source;
  const key = new Uint8Array(keyBytes);
  const record = source.loadBranch(key, 0);
  const node =
    record === undefined ? source.findLeaf(key, 0) : decodeBranch(memory, record, key, 0);
  if (node === undefined || !equalBytes(rootHash(memory, node), root)) {
    freeTree(memory, node);
    throw damaged(key, 0);
  }
  return node;
}

/**
 * A child that is there, loaded if need be. Every loaded node is hashed: what lies on a disk is
 * believed only where it is what its parent says, and so is a store that ran ahead or behind.
 *
 * @throws ExecutionError `damaged-state`
 */
export function loadChild(source: NodeSource, branch: Branch, digit: number): Node {
  const known = branch.children[digit];
  if (known !== undefined && !(known instanceof Branch && known.at === 0)) return known;
  const { memory } = source;
  const depth = branch.end + 1;
  const key = childKey(branch, digit);
  const isLeaf = (branch.leaves & (1 << digit)) !== 0;
  const record = isLeaf ? undefined : source.loadBranch(key, depth);
  const found = isLeaf
    ? source.findLeaf(key, depth)
    : record && decodeBranch(memory, record, key, depth);
  if (found === undefined) throw damaged(key, depth);
  if (!isReferred(memory, branch, digit, found)) {
    freeTree(memory, found);
    throw damaged(key, depth);
  }
  branch.children[digit] = found;
  if (found instanceof Branch) source.loaded?.(found);
  return found;
}

/** Is the node what its parent says? */
function isReferred(memory: TrieMemory, branch: Branch, digit: number, node: Node): boolean {
  assert(branch.at !== 0, 'a branch that was let go is loaded first');
  const output = memory.scratch;
  const length = writeReference(memory, node, branch.end + 1, output);
  const { bytes } = memory;
  const expected = referenceAt(bytes, branch.at, digit);
  if (length !== itemBytes(bytes, expected)) return false;
  for (let index = 0; index < length; index++) {
    if (bytes[expected + index] !== bytes[output + index]) return false;
  }
  return true;
}

/**
 * Encoded nodes from the root towards a key, as `verifyTrieProof` takes them: they end at its leaf,
 * or where it is clear that there is none.
 *
 * @throws ExecutionError `damaged-state`
 */
export function proveKey(
  source: NodeSource,
  root: Node | undefined,
  key: Uint8Array,
): Uint8Array[] {
  const { memory } = source;
  const nodes: Uint8Array[] = [];
  let node = root;
  let depth = 0;
  while (node !== undefined) {
    const top = encodeTop(memory, node, depth);
    // A node inside of its parent is in the proof with it.
    if (top.length >= HASH_BYTES || depth === 0) nodes.push(top);
    if (!(node instanceof Branch)) break;
    if (firstDifference(node.key, key, node.start, node.end) < node.end) break;
    if (node.start < node.end && node.length >= HASH_BYTES) nodes.push(imageOf(memory, node));
    const digit = nibbleAt(key, node.end);
    depth = node.end + 1;
    node = (node.mask & (1 << digit)) === 0 ? undefined : loadChild(source, node, digit);
  }
  return nodes;
}

function damaged(key: Uint8Array, depth: number): ExecutionError {
  const path = toHex(key).slice(0, depth);
  return new ExecutionError(
    'damaged-state',
    `the store has no node, or another than its parent says, at path "${path}" of a trie: the ` +
      'state cannot be trusted; import a snapshot or replay the chain',
    { path },
  );
}
