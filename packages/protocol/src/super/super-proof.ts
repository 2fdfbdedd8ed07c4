import type { Hash32, NamespaceId } from '../brands.ts';
import { equalBytes } from '../bytes.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import type { HashFunction } from '../suite.ts';
import { EMPTY_ROOT, HASH_BYTES, sha256 } from '../tree/hash.ts';
import {
  encodeSuperValue,
  firstDifference,
  goesRight,
  nodeDigest,
  prefixOf,
  type SuperBranch,
  type SuperNode,
  type SuperTree,
  type SuperValue,
  superBranchHash,
  superKey,
  superLeafHash,
} from './super-tree.ts';

/** A branch on the way down, and the child that the way does not take. */
export interface SuperStep {
  readonly depth: number;
  /** 32 bytes */
  readonly sibling: Hash32;
}

/** What stands where the namespace would stand. */
export type SuperEnd =
  /** The namespace's own leaf. */
  | { readonly kind: 'present'; readonly value: SuperValue }
  /** The tree has no namespaces. */
  | { readonly kind: 'empty' }
  /** A leaf with another key. */
  | { readonly kind: 'leaf'; readonly key: Uint8Array; readonly value: SuperValue }
  /** A branch whose prefix the namespace's key does not have. */
  | {
      readonly kind: 'branch';
      readonly depth: number;
      /** 32 bytes, zero from bit `depth` on. */
      readonly prefix: Uint8Array;
      readonly left: Hash32;
      readonly right: Hash32;
    };

/** Proof of what a super-root says about one namespace: its value, or that it has none. */
export interface SuperTreeProof {
  /** From the root down. */
  readonly path: readonly SuperStep[];
  readonly end: SuperEnd;
}

const END_KINDS = ['present', 'empty', 'leaf', 'branch'] as const;

/** Presence proof if the tree has the namespace, absence proof if not. */
export function proveInSuperTree(tree: SuperTree, namespace: NamespaceId): SuperTreeProof {
  const { hash } = tree;
  const key = superKey(namespace, hash);
  const path: SuperStep[] = [];
  if (tree.node === undefined) return { path, end: { kind: 'empty' } };
  let node: SuperNode = tree.node;
  while (node.kind === 'branch') {
    const { depth, left, right }: SuperBranch = node;
    if (firstDifference(node.key, key) < depth) {
      const prefix = prefixOf(node.key, depth);
      const ends = { left: nodeDigest(left, hash), right: nodeDigest(right, hash) };
      return { path, end: { kind: 'branch', depth, prefix, ...ends } };
    }
    const [child, sibling] = goesRight(key, depth) ? [right, left] : [left, right];
    path.push({ depth, sibling: nodeDigest(sibling, hash) });
    node = child;
  }
  const { value } = node;
  if (equalBytes(node.key, key)) return { path, end: { kind: 'present', value } };
  return { path, end: { kind: 'leaf', key: node.key, value } };
}

/**
 * What the tree under `root` says about the namespace: its value, or undefined when the proof shows
 * that it has none.
 *
 * @throws ProtocolError `invalid-proof`
 */
export function verifySuperTreeProof(
  proof: SuperTreeProof,
  namespace: NamespaceId,
  root: Uint8Array,
  hash: HashFunction = sha256,
): SuperValue | undefined {
  if (root.length !== HASH_BYTES) refuse('expected a root of 32 bytes');
  const key = superKey(namespace, hash);
  const { path, end } = proof;
  let above = -1;
  for (const step of path) {
    if (!isDepth(step.depth) || step.depth <= above) refuse('expected depths that rise');
    if (step.sibling.length !== HASH_BYTES) refuse('expected hashes of 32 bytes');
    above = step.depth;
  }
  let node = endHash(end, key, above, hash);
  if (end.kind === 'empty' && path.length > 0) refuse('expected no path in the empty tree');
  for (const { depth, sibling } of [...path].reverse()) {
    // Every branch on the way has the key's own prefix, so the proof need not name it.
    const [left, right] = goesRight(key, depth) ? [sibling, node] : [node, sibling];
    node = superBranchHash(depth, key, left, right, hash);
  }
  if (!equalBytes(node, root)) refuse('the proof leads to another root');
  return end.kind === 'present' ? end.value : undefined;
}

/**
 * u8 kind of end (0 present, 1 empty, 2 leaf, 3 branch), u16 number of steps, per step u8 depth and
 * hash; then, by kind: value (72 bytes) | nothing | key and value | u8 depth, prefix, left, right.
 */
export function encodeSuperTreeProof(proof: SuperTreeProof): Uint8Array {
  const { path, end } = proof;
  const writer = new ByteWriter().u8(END_KINDS.indexOf(end.kind)).u16(path.length);
  for (const { depth, sibling } of path) writer.u8(depth).bytes(sibling);
  switch (end.kind) {
    case 'present':
      writer.bytes(encodeSuperValue(end.value));
      break;
    case 'leaf':
      writer.bytes(end.key).bytes(encodeSuperValue(end.value));
      break;
    case 'branch':
      writer.u8(end.depth).bytes(end.prefix).bytes(end.left).bytes(end.right);
      break;
    case 'empty':
      break;
  }
  return writer.done();
}

/** @throws ProtocolError `malformed` */
export function decodeSuperTreeProof(bytes: Uint8Array): SuperTreeProof {
  const reader = new ByteReader(bytes, 'a super-tree proof');
  const kind = END_KINDS[reader.u8()];
  const steps = reader.u16();
  if (kind === undefined || steps > 8 * HASH_BYTES) {
    throw new ProtocolError('malformed', 'expected an end of a known kind and at most 256 steps');
  }
  const path: SuperStep[] = [];
  for (let i = 0; i < steps; i++) path.push({ depth: reader.u8(), sibling: readHash(reader) });
  const end = readEnd(reader, kind);
  reader.end();
  return { path, end };
}

/** Hash of the end, after checking that it means what its kind says. */
function endHash(end: SuperEnd, key: Uint8Array, above: number, hash: HashFunction): Uint8Array {
  switch (end.kind) {
    case 'empty':
      return EMPTY_ROOT;
    case 'present':
      checkValue(end.value);
      return superLeafHash(key, end.value, hash);
    case 'leaf': {
      checkValue(end.value);
      if (end.key.length !== HASH_BYTES) refuse('expected a key of 32 bytes');
      const difference = firstDifference(end.key, key);
      if (difference === 8 * HASH_BYTES) refuse('expected a leaf of another namespace');
      if (difference <= above) refuse('expected a leaf on the way of the namespace');
      return superLeafHash(end.key, end.value, hash);
    }
    case 'branch': {
      const { depth, prefix, left, right } = end;
      if (![prefix, left, right].every((one) => one.length === HASH_BYTES)) {
        refuse('expected hashes of 32 bytes');
      }
      if (!isDepth(depth) || depth <= above) refuse('expected depths that rise');
      if (!equalBytes(prefix, prefixOf(prefix, depth))) refuse('expected zeroes after the prefix');
      const difference = firstDifference(prefix, key);
      if (difference >= depth) refuse('expected a prefix that the namespace does not have');
      if (difference <= above) refuse('expected a branch on the way of the namespace');
      return superBranchHash(depth, prefix, left, right, hash);
    }
  }
}

function readEnd(reader: ByteReader, kind: SuperEnd['kind']): SuperEnd {
  switch (kind) {
    case 'empty':
      return { kind };
    case 'present':
      return { kind, value: readValue(reader) };
    case 'leaf':
      return { kind, key: readHash(reader), value: readValue(reader) };
    case 'branch':
      return {
        kind,
        depth: reader.u8(),
        prefix: readHash(reader),
        left: readHash(reader),
        right: readHash(reader),
      };
  }
}

function readValue(reader: ByteReader): SuperValue {
  const size = reader.u64();
  return { size, root: readHash(reader), headHash: readHash(reader) };
}

function readHash(reader: ByteReader): Hash32 {
  return reader.bytes(HASH_BYTES).slice() as Hash32;
}

function checkValue(value: SuperValue): void {
  const { size, root, headHash } = value;
  if (!Number.isSafeInteger(size) || size < 0) refuse('expected a size below 2^53');
  if (root.length !== HASH_BYTES || headHash.length !== HASH_BYTES) {
    refuse('expected hashes of 32 bytes');
  }
}

function isDepth(depth: number): boolean {
  return Number.isInteger(depth) && depth >= 0 && depth < 8 * HASH_BYTES;
}

function refuse(message: string): never {
  throw new ProtocolError('invalid-proof', message);
}
