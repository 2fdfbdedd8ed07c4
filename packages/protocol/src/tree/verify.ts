import type { Hash32 } from '../brands.ts';
import { equalBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { HashFunction } from '../suite.ts';
import { EMPTY_ROOT, HASH_BYTES, nodeHash, sha256 } from './hash.ts';
import { inclusionRanges, isCount, isSubtree, splitPoint } from './nodes.ts';

/** A leaf and the hashes that lead from it to a root. Every hash has 32 bytes. */
export interface InclusionClaim {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
  /** The leaf's sibling first (RFC 9162 section 2.1.3). */
  readonly proof: readonly Uint8Array[];
}

/** An earlier and a later tree, and the hashes that show the one to be a prefix of the other. */
export interface ConsistencyClaim {
  readonly fromSize: number;
  readonly fromRoot: Uint8Array;
  readonly toSize: number;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export interface SubtreeInclusionClaim {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly start: number;
  readonly end: number;
  /** Root of the sub-tree [start, end). */
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export interface SubtreeConsistencyClaim {
  readonly start: number;
  readonly end: number;
  readonly size: number;
  /** Root of the sub-tree [start, end). */
  readonly subtreeRoot: Uint8Array;
  /** Root of the tree of `size` leaves. */
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Checks that the leaf is in the tree (RFC 9162 section 2.1.3.2).
 *
 * @throws ProtocolError `invalid-proof` on a wrong root, a missing or extra hash, a hash that is
 *   not 32 bytes long, or an index outside the tree (so always for a tree without leaves)
 */
export function verifyInclusion(claim: InclusionClaim, hash: HashFunction = sha256): void {
  requireHash(claim.root, 'root');
  if (!equalBytes(rootFromInclusion(claim, hash), claim.root)) {
    refuse('the proof leads to another root', { index: claim.index, size: claim.size });
  }
}

/** The 32-byte root that leaf and proof lead to. @throws ProtocolError `invalid-proof` */
export function rootFromInclusion(
  claim: Omit<InclusionClaim, 'root'>,
  hash: HashFunction = sha256,
): Hash32 {
  const { index, size } = claim;
  if (!isCount(index) || !isCount(size) || index >= size) {
    refuse('expected an index inside the tree', { index, size });
  }
  return foldPath(claim.leafHash, claim.index, 0, claim.size, claim.proof, hash);
}

/** As {@link verifyInclusion}, for a sub-tree. @throws ProtocolError `invalid-proof` */
export function verifySubtreeInclusion(
  claim: SubtreeInclusionClaim,
  hash: HashFunction = sha256,
): void {
  const { index, start, end } = claim;
  requireHash(claim.root, 'root');
  if (!isSubtree(start, end) || !isCount(index) || index < start || index >= end) {
    refuse('expected an index inside an aligned sub-tree', { index, start, end });
  }
  const root = foldPath(claim.leafHash, index, start, end, claim.proof, hash);
  if (!equalBytes(root, claim.root)) refuse('the proof leads to another root', { index });
}

/**
 * Checks that the earlier tree is a prefix of the later one (RFC 9162 section 2.1.4.2). From size
 * 0, whose root must be the hash of nothing, anything follows with an empty proof; equal sizes need
 * equal roots and an empty proof.
 *
 * @throws ProtocolError `invalid-proof`
 */
export function verifyConsistency(claim: ConsistencyClaim, hash: HashFunction = sha256): void {
  const { fromSize, toSize, fromRoot, toRoot, proof } = claim;
  requireHash(fromRoot, 'earlier root');
  requireHash(toRoot, 'later root');
  if (!isCount(fromSize) || !isCount(toSize) || fromSize > toSize) {
    refuse('expected 0 <= earlier size <= later size', { fromSize, toSize });
  }
  requireEmptyRootMatch(fromSize, fromRoot);
  requireEmptyRootMatch(toSize, toRoot);
  if (fromSize === 0) {
    if (proof.length !== 0) refuse('expected no hashes from the tree without leaves', {});
    return;
  }
  verifySubtreeConsistency(
    { start: 0, end: fromSize, size: toSize, subtreeRoot: fromRoot, root: toRoot, proof },
    hash,
  );
}

/**
 * Checks that a sub-tree belongs to the tree of `size` leaves. The empty sub-tree [n, n) belongs to
 * any tree: it needs the hash of nothing and an empty proof, and says nothing about `root`.
 *
 * @throws ProtocolError `invalid-proof`
 */
export function verifySubtreeConsistency(
  claim: SubtreeConsistencyClaim,
  hash: HashFunction = sha256,
): void {
  const { start, end, size, subtreeRoot, root, proof } = claim;
  requireHash(subtreeRoot, 'sub-tree root');
  requireHash(root, 'root');
  if (isCount(start) && isCount(size) && start === end && end <= size) {
    requireEmptyRootMatch(0, subtreeRoot);
    if (proof.length !== 0) refuse('expected no hashes for the empty sub-tree', { start, end });
    return;
  }
  if (!isSubtree(start, end) || !isCount(size) || end > size) {
    refuse('expected an aligned sub-tree inside the tree', { start, end, size });
  }
  const path = new ProofReader(proof);
  const roots = foldSubtree(
    { start, end, low: 0, high: size, known: true },
    subtreeRoot,
    path,
    hash,
  );
  path.finish();
  if (!equalBytes(roots.subtree, subtreeRoot)) refuse('the proof contradicts the earlier root', {});
  if (!equalBytes(roots.tree, root)) refuse('the proof leads to another root', {});
}

interface Fold {
  readonly start: number;
  readonly end: number;
  readonly low: number;
  readonly high: number;
  /** Whether the verifier already knows the root of what is left of the sub-tree. */
  readonly known: boolean;
}

/**
 * SUBTREE_SUBPROOF read backwards: the roots of the sub-tree and of the tree [low, high) that the
 * hashes lead to. At most 53 deep, because every step halves the range.
 */
function foldSubtree(
  fold: Fold,
  subtreeRoot: Uint8Array,
  path: ProofReader,
  hash: HashFunction,
): { readonly subtree: Uint8Array; readonly tree: Uint8Array } {
  const { start, end, low, high, known } = fold;
  if (start === low && end === high) {
    const root = known ? subtreeRoot : path.take();
    return { subtree: root, tree: root };
  }
  const middle = low + splitPoint(high - low);
  if (end <= middle) {
    const left = foldSubtree({ ...fold, high: middle }, subtreeRoot, path, hash);
    return { subtree: left.subtree, tree: nodeHash(left.tree, path.take(), hash) };
  }
  const inside = start < middle;
  const rest = inside ? { start: middle, known: false } : {};
  const right = foldSubtree({ ...fold, ...rest, low: middle }, subtreeRoot, path, hash);
  const sibling = path.take();
  return {
    subtree: inside ? nodeHash(sibling, right.subtree, hash) : right.subtree,
    tree: nodeHash(sibling, right.tree, hash),
  };
}

function foldPath(
  leaf: Uint8Array,
  index: number,
  start: number,
  end: number,
  proof: readonly Uint8Array[],
  hash: HashFunction,
): Hash32 {
  requireHash(leaf, 'leaf hash');
  const path = new ProofReader(proof);
  let node = leaf;
  for (const sibling of inclusionRanges(index, start, end)) {
    const other = path.take();
    node = sibling.start > index ? nodeHash(node, other, hash) : nodeHash(other, node, hash);
  }
  path.finish();
  return node as Hash32;
}

/** Hands out the hashes of a proof one by one and refuses a wrong number or length. */
class ProofReader {
  readonly #proof: readonly Uint8Array[];
  #next = 0;

  constructor(proof: readonly Uint8Array[]) {
    this.#proof = proof;
  }

  take(): Uint8Array {
    const node = this.#proof[this.#next];
    if (node === undefined) refuse('the proof is too short', { hashes: this.#proof.length });
    requireHash(node, 'hash of the proof');
    this.#next++;
    return node;
  }

  finish(): void {
    if (this.#next === this.#proof.length) return;
    refuse(`expected ${this.#next} hashes, found ${this.#proof.length}`, {});
  }
}

function requireHash(bytes: Uint8Array, what: string): void {
  if (bytes.length !== HASH_BYTES) {
    refuse(`expected a ${what} of 32 bytes, found ${bytes.length}`, {});
  }
}

/** Size 0 has the hash of nothing for a root, and no other size has it. */
function requireEmptyRootMatch(size: number, root: Uint8Array): void {
  if ((size === 0) !== equalBytes(root, EMPTY_ROOT)) {
    refuse('the hash of nothing is the root of size 0 and of no other size', { size });
  }
}

function refuse(message: string, metadata: Record<string, number>): never {
  throw new ProtocolError('invalid-proof', message, metadata);
}
