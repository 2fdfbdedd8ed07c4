import {
  type BlockHash,
  fromHex,
  HASH_BYTES,
  type Hash32,
  type NamespaceId,
  parseNamespaceId,
  type SuperNode,
  type SuperValue,
  sha256,
  superBranchHash,
  superKey,
  superLeafHash,
  toHex,
} from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import {
  arrayMember,
  asObject,
  countMember,
  hexMember,
  type JsonObject,
  jsonObject,
  textMember,
} from '../peer/json-body.ts';
import { digestOf, type HeldTree } from './held-tree.ts';
import { TREE_LEVELS_MAX } from './limits.ts';

/** A node of another node's super-tree, as it was told. */
export type ToldNode =
  | {
      readonly kind: 'branch';
      readonly depth: number;
      readonly prefix: Uint8Array;
      readonly left: Hash32;
      readonly right: Hash32;
    }
  | { readonly kind: 'leaf'; readonly namespace: NamespaceId; readonly value: SuperValue };

export interface ToldTree {
  readonly root: Hash32;
  /** By hex of the hash that each node really has. */
  readonly nodes: ReadonlyMap<string, ToldNode>;
}

const NODES_MAX: number = 2 ** (TREE_LEVELS_MAX + 1);

/**
 * Nodes from the one that the bits of `key` lead to, `levels` deep, as JSON:
 * `{root, count, nodes: [{depth, prefix, left, right} | {namespace, size, root, headHash}]}`,
 * hashes in hex. Nodes are named by their hashes, which the reader computes.
 */
export function treeView(
  held: HeldTree,
  place: { readonly key: Uint8Array; readonly depth: number },
  levels: number,
): JsonObject {
  const { tree } = held;
  const nodes: JsonObject[] = [];
  const walk = (node: SuperNode, left: number): void => {
    if (node.kind === 'leaf') {
      const { size, root, headHash } = node.value;
      const namespace = held.nameOf(node.key);
      nodes.push({ namespace, size, root: toHex(root), headHash: toHex(headHash) });
      return;
    }
    nodes.push({
      depth: node.depth,
      prefix: toHex(prefixOf(node.key, node.depth)),
      left: toHex(digestOf(node.left, tree)),
      right: toHex(digestOf(node.right, tree)),
    });
    if (left === 0) return;
    walk(node.left, left - 1);
    walk(node.right, left - 1);
  };
  const start = held.nodeAt(place.key, place.depth);
  if (start !== undefined) walk(start, levels);
  return { root: toHex(held.root()), count: tree.count, nodes };
}

/** Reads such an answer and hashes its nodes. @throws PeerError `bad-answer`; ProtocolError */
export function readTreeView(bytes: Uint8Array): ToldTree {
  const object = jsonObject(bytes, 'bad-answer');
  const nodes = new Map<string, ToldNode>();
  for (const item of arrayMember(object, 'nodes', NODES_MAX, 'bad-answer')) {
    const { hash, node } = readNode(asObject(item, 'bad-answer'));
    nodes.set(toHex(hash), node);
  }
  return { root: hashMember(object, 'root'), nodes };
}

function readNode(object: JsonObject): { hash: Hash32; node: ToldNode } {
  if (object['namespace'] !== undefined) {
    const namespace = parseNamespaceId(textMember(object, 'namespace', 36, 'bad-answer'));
    const value = {
      size: countMember(object, 'size', 'bad-answer'),
      root: hashMember(object, 'root'),
      headHash: hashMember(object, 'headHash') as Uint8Array as BlockHash,
    };
    const hash = superLeafHash(superKey(namespace), value, sha256);
    return { hash, node: { kind: 'leaf', namespace, value } };
  }
  const depth = countMember(object, 'depth', 'bad-answer');
  if (depth >= 8 * HASH_BYTES) throw new PeerError('bad-answer', 'expected a depth below 256');
  const prefix = hashMember(object, 'prefix');
  const [left, right] = [hashMember(object, 'left'), hashMember(object, 'right')];
  const hash = superBranchHash(depth, prefix, left, right, sha256);
  return { hash, node: { kind: 'branch', depth, prefix, left, right } };
}

function hashMember(object: JsonObject, name: string): Hash32 {
  return fromHex(hexMember(object, name, HASH_BYTES, 'bad-answer')) as Hash32;
}

/** The first `depth` bits of the key, then zeroes. */
export function prefixOf(key: Uint8Array, depth: number): Uint8Array {
  return key.map((byte, i) => {
    const bits = Math.min(8, Math.max(0, depth - 8 * i));
    return byte & (0xff00 >>> bits) & 0xff;
  });
}
