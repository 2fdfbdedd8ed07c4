import { decodeMultiProof, type Entry, leafHash, verifyMultiProof } from '@basalt/protocol';
import { admitTree, type TreeSession } from './admit-tree.ts';
import { refusal, refuseUnless } from './errors.ts';
import { fetchMultiProof } from './requests.ts';
import type { NamespaceSession } from './session.ts';
import type { CallOptions, VerifiedCheckpoint } from './types.ts';

/**
 * Fetches one compact proof for several log entries and checks that all of them are leaves of the
 * tree of a checkpoint that this client accepts. Indexes rise.
 *
 * @throws ClientError kind `refused`: `invalid-proof`, codes of `LogView.admit`; `not-covered`
 */
export async function checkManyInclusions(
  session: TreeSession & Pick<NamespaceSession, 'hash'>,
  entries: readonly Entry[],
  call: CallOptions,
): Promise<VerifiedCheckpoint> {
  const { namespace, context, hash } = session;
  const indexes = entries.map(({ header }) => header.index);
  const served = await fetchMultiProof(context.transport, namespace, indexes, call);
  const wanted = Math.max(...indexes) + 1;
  const { tree, admitted } = await admitTree(session, served.checkpoint, wanted, call);
  const { size, root } = tree;
  const proof = refuseUnless(() => decodeMultiProof(served.proof));
  const isAsked =
    proof.indexes.length === indexes.length &&
    proof.indexes.every((index, place) => index === indexes[place]);
  if (!isAsked || proof.size !== size) {
    throw refusal('invalid-proof', 'the proof is about other blocks or another tree', {
      size: proof.size,
      checkpointSize: size,
    });
  }
  const leafHashes = entries.map(({ bytes }) => leafHash(bytes, hash));
  refuseUnless(() => verifyMultiProof({ proof, leafHashes, root }, hash));
  return admitted;
}
