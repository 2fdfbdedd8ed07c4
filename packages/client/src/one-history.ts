import { equalBytes, type Hash32, type NamespaceId, verifyConsistency } from '@basalt/protocol';
import { refuseUnless } from './errors.ts';
import { fetchConsistency } from './requests.ts';
import type { Transport } from './transport.ts';
import type { CallOptions } from './types.ts';

interface TreeHead {
  readonly size: number;
  readonly root: Hash32;
}

/**
 * Whether of two trees of a log, in any order, the smaller is the beginning of the larger.
 *
 * @returns false for two trees of one size
 * @throws ClientError kind `refused` where the proof does not hold
 */
export async function isOneHistory(
  transport: Transport,
  namespace: NamespaceId,
  heads: readonly [TreeHead, TreeHead],
  call: CallOptions,
): Promise<boolean> {
  const [one, other] = heads;
  if (one.size === other.size) return equalBytes(one.root, other.root);
  const [from, to] = one.size < other.size ? [one, other] : [other, one];
  const sizes = { from: from.size, to: to.size };
  const proof = await fetchConsistency(transport, namespace, sizes, call);
  refuseUnless(() =>
    verifyConsistency({
      fromSize: from.size,
      fromRoot: from.root,
      toSize: to.size,
      toRoot: to.root,
      proof,
    }),
  );
  return true;
}
