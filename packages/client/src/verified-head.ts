import { type Block, type BlockHash, blockHash, writerAt } from '@basalt/protocol';
import { refusal, refuseUnless } from './errors.ts';
import { requireSignature } from './key-chain.ts';
import { fetchHead } from './requests.ts';
import type { NamespaceSession } from './session.ts';
import type { CallOptions } from './types.ts';

/** The newest block of a namespace, perhaps not covered by a checkpoint yet. */
export interface VerifiedHead {
  readonly block: Block;
  readonly hash: BlockHash;
}

/**
 * The head that a node names, once its writer and signature are checked. Whether it is the newest
 * that exists only the writer can know; it is refused when it lies before a checkpoint held here.
 *
 * @throws ClientError kind `refused`: `wrong-namespace`, `wrong-writer`, `invalid-signature`,
 *   `stale-head`
 */
export async function readVerifiedHead(
  session: NamespaceSession,
  call: CallOptions,
): Promise<VerifiedHead> {
  const { context, namespace } = session;
  const block = await fetchHead(context.transport, namespace, call);
  const { entry, payload } = block;
  if (entry.header.namespace !== namespace) {
    throw refusal('wrong-namespace', 'the node served the head of another namespace', {
      asked: namespace,
      served: entry.header.namespace,
    });
  }
  const hash = refuseUnless(() => blockHash(entry, payload, session.hash));
  const state = await session.writers.upTo(entry.header.index + 1, call);
  const writer = refuseUnless(() => writerAt(state, entry.header));
  await requireSignature(context.provider, entry, writer, payload);
  const held = await session.log.held();
  const heldSize = held?.checkpoint.size ?? 0;
  if (entry.header.index + 1 < heldSize) {
    throw refusal('stale-head', 'the node names a head before a checkpoint that it has signed', {
      index: entry.header.index,
      heldSize,
    });
  }
  return { block, hash };
}
