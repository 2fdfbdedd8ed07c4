import { type Hash32, type HashFunction, nodeHash, ProtocolError, sha256 } from '@basalt/protocol';

/** One step from a node to its parent. Hashes are 32 bytes. */
export interface ProofStep {
  /** Where the sibling stands, seen from the path. */
  readonly side: 'left' | 'right';
  /** Taken from the proof. */
  readonly sibling: Uint8Array;
  /** Computed here from both. */
  readonly parent: Hash32;
}

/**
 * The way from a leaf to the root that a proof leads to, step by step, for people to look at. It
 * computes and decides nothing about validity: compare the last parent (or the leaf hash itself
 * where there is no step) with the root that a checkpoint names.
 *
 * RFC 9162 section 2.1.3.2; `index` and `size` are numbers below 2^53, so no bit operators.
 *
 * @throws ProtocolError `invalid-proof` when the proof has too few or too many hashes
 */
export function proofPath(
  leafHash: Uint8Array,
  index: number,
  size: number,
  hashes: readonly Uint8Array[],
  hash: HashFunction = sha256,
): ProofStep[] {
  const steps: ProofStep[] = [];
  let node: Uint8Array = leafHash;
  let at = index;
  let last = size - 1;
  for (const sibling of hashes) {
    if (last <= 0) throw new ProtocolError('invalid-proof', 'the proof is too long');
    const isRightChild = at % 2 === 1;
    const isLonely = at === last;
    const side = isRightChild || isLonely ? 'left' : 'right';
    const parent = side === 'left' ? nodeHash(sibling, node, hash) : nodeHash(node, sibling, hash);
    // A last node without a sibling rises until it is a right child: those levels need no hash.
    while (isLonely && at % 2 === 0 && at > 0) {
      at /= 2;
      last = Math.floor(last / 2);
    }
    steps.push({ side, sibling, parent });
    node = parent;
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  if (last !== 0) throw new ProtocolError('invalid-proof', 'the proof is too short');
  return steps;
}
