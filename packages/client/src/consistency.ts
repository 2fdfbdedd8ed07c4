import { type Hash32, type NamespaceId, verifyConsistency } from '@basalt/protocol';
import { ClientError, refuseUnless } from './errors.ts';
import { readCheckpoint } from './read-checkpoint.ts';
import { fetchConsistency } from './requests.ts';
import type { NamespaceSession } from './session.ts';
import type { CallOptions, VerifiedCheckpoint } from './types.ts';

/** A tree head that somebody holds. */
export interface HeldHead {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Hash32;
}

/** Shows that the log as it is now continues the one that was held. */
export interface VerifiedConsistency {
  readonly namespace: NamespaceId;
  readonly from: HeldHead;
  readonly to: VerifiedCheckpoint;
  /** RFC 9162 section 2.1.4; empty for equal sizes. */
  readonly hashes: readonly Hash32[];
}

/**
 * Checks that the newest checkpoint continues a tree head that the caller holds from anywhere.
 *
 * @throws ClientError kind `refused`: `invalid-proof`, codes of `LogView.admit`; `out-of-range`
 *   when
 *   the log is smaller than what is held
 */
export async function proveConsistency(
  session: NamespaceSession,
  from: HeldHead,
  call: CallOptions,
): Promise<VerifiedConsistency> {
  const { context, namespace } = session;
  const to = await readCheckpoint(session, call);
  const { size, root } = to.checkpoint;
  if (from.size > size) {
    throw new ClientError('rejected', 'out-of-range', 'the log is smaller than the head held', {
      heldSize: from.size,
      size,
    });
  }
  const isTrivial = from.size === 0 || from.size === size;
  const hashes = isTrivial
    ? []
    : await fetchConsistency(context.transport, namespace, { from: from.size, to: size }, call);
  refuseUnless(() =>
    verifyConsistency({
      fromSize: from.size,
      fromRoot: from.root,
      toSize: size,
      toRoot: root,
      proof: hashes,
    }),
  );
  return { namespace, from, to, hashes };
}
