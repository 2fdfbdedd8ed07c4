import type { Block } from '@basalt/protocol';
import { type AdmittedTree, admitTree } from './admit-tree.ts';
import { ClientError, refusal } from './errors.ts';
import { fetchBlocks, fetchCheckpoint } from './requests.ts';
import type { NamespaceSession } from './session.ts';
import type { CallOptions } from './types.ts';

/**
 * What an empty page has to mean: that the log ends there. Anybody on the way can empty one, so the
 * newest checkpoint says where the log ends; blocks that came meanwhile are asked for once more.
 *
 * @returns the page as it is now
 * @throws ClientError `missing-block` where a checkpoint covers what is not shown
 */
export async function pageAtEnd(
  session: NamespaceSession,
  { from, count }: { readonly from: number; readonly count: number },
  call: CallOptions,
): Promise<Block[]> {
  const { namespace, context } = session;
  const size = await coveredSize(session, call);
  if (from >= size) return [];
  const blocks = await fetchBlocks(context.transport, namespace, { from, count }, call);
  if (blocks.length > 0) return blocks;
  throw refusal('missing-block', 'no block is shown where a checkpoint covers one', { from, size });
}

/** 0 before the first checkpoint. */
async function coveredSize(session: NamespaceSession, call: CallOptions): Promise<number> {
  const { namespace, context } = session;
  let admitted: AdmittedTree;
  try {
    const note = await fetchCheckpoint(context.transport, namespace, call);
    admitted = await admitTree(session, note, 0, call);
  } catch (error) {
    if (error instanceof ClientError && error.code === 'not-covered') return 0;
    throw error;
  }
  return admitted.tree.size;
}
