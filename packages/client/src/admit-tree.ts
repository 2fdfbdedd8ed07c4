import { type Checkpoint, parseCheckpoint, parseNote } from '@basalt/protocol';
import { refuseUnless } from './errors.ts';
import type { NamespaceSession } from './session.ts';
import type { CallOptions, VerifiedCheckpoint } from './types.ts';

/** What is needed of a session to accept a tree. */
export type TreeSession = Pick<NamespaceSession, 'namespace' | 'context' | 'log'>;

/** A tree that is accepted, and the checkpoint that it is accepted under. */
export interface AdmittedTree {
  /** The tree that the served note speaks of; proofs of the same answer lead to it. */
  readonly tree: Checkpoint;
  readonly admitted: VerifiedCheckpoint;
}

/**
 * Accepts the tree that a served note speaks of: the log has signed it, or, at a copy that signs
 * with a key of its own, it is one history with the newest checkpoint of the log that is kept
 * there.
 *
 * @param size leaves that have to be under the accepted checkpoint
 * @throws ClientError codes of `LogView.admit` and `admitAtCopy`
 */
export async function admitTree(
  session: TreeSession,
  note: string,
  size: number,
  call: CallOptions,
): Promise<AdmittedTree> {
  const { log } = session;
  const { text, signatures } = refuseUnless(() => parseNote(note));
  const tree = refuseUnless(() => parseCheckpoint(text));
  if (!log.trust.isForeign(signatures)) return { tree, admitted: await log.admit(note, call) };
  // Loaded apart: most readers ask the log's own node, or what stands in front of it.
  const { admitAtCopy } = await import('./seldom.ts');
  return { tree, admitted: await admitAtCopy(session, tree, size, call) };
}
