import { type Entry, equalBytes, leafHash, verifyInclusion } from '@basalt/protocol';
import { admitTree, type TreeSession } from './admit-tree.ts';
import { refusal, refuseUnless } from './errors.ts';
import type { NamespaceSession } from './session.ts';
import type { BlockProof, CallOptions, VerifiedCheckpoint } from './types.ts';

/**
 * Checks that an entry is the leaf that a served proof speaks of, under a checkpoint that this
 * client accepts.
 *
 * @throws ClientError kind `refused`: `invalid-proof`, `wrong-block`, codes of `LogView.admit`
 */
export async function checkInclusion(
  session: TreeSession & Pick<NamespaceSession, 'hash'>,
  entry: Entry,
  proof: BlockProof,
  call: CallOptions,
): Promise<VerifiedCheckpoint> {
  const { header } = entry;
  if (proof.namespace !== session.namespace || proof.index !== header.index) {
    throw refusal('wrong-block', 'the proof is about another block', {
      index: header.index,
      proofIndex: proof.index,
    });
  }
  const leaf = leafHash(entry.bytes, session.hash);
  if (!equalBytes(leaf, proof.leafHash)) {
    throw refusal('invalid-proof', 'the proof is about another log entry: its leaf hash differs', {
      index: header.index,
    });
  }
  const { tree, admitted } = await admitTree(session, proof.checkpoint, header.index + 1, call);
  const { size, root } = tree;
  if (proof.size !== size || !equalBytes(proof.root, root)) {
    throw refusal('invalid-proof', 'the proof leads to another tree than its checkpoint names', {
      size: proof.size,
      checkpointSize: size,
    });
  }
  const { index } = header;
  refuseUnless(() =>
    verifyInclusion({ leafHash: leaf, index, size, root, proof: proof.hashes }, session.hash),
  );
  return admitted;
}
