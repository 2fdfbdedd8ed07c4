import type { NamespaceId } from '@basalt/protocol';
import { readEvents } from './events.ts';
import { examineRange } from './examine.ts';
import { PAGE_BLOCKS_DEFAULT } from './limits.ts';
import type { ClientContext } from './options.ts';
import { readCheckpoint } from './read-checkpoint.ts';
import type { Sessions } from './session.ts';
import type { BlockReport, CallOptions, VerifiedCheckpoint } from './types.ts';

export interface SubscribeOptions extends CallOptions {
  readonly namespace: NamespaceId;
  /** First index wanted; without it the first block after those covered now. */
  readonly from?: number;
  readonly onDisconnect?: (error: unknown, delayMs: number) => void;
}

/**
 * Every block of a namespace from `from` on, in order, without gaps, each as soon as a checkpoint
 * covers it, each with what was checked about it. Events only wake this up: which blocks there are
 * is decided by verified checkpoints, so a node cannot leave one out.
 *
 * @throws ClientError of every kind but for refused blocks, which are reported
 */
export async function* subscribeBlocks(
  sessions: Sessions,
  context: ClientContext,
  options: SubscribeOptions,
): AsyncGenerator<BlockReport, void, undefined> {
  const { namespace, signal } = options;
  const call = { signal };
  const session = await sessions.open(namespace, call);
  const newest = (): Promise<VerifiedCheckpoint> => readCheckpoint(session, call);
  let next = options.from ?? (await newest()).checkpoint.size;
  for await (const event of readEvents(context, options)) {
    if (event.kind !== 'checkpoint' && event.kind !== 'connected' && event.kind !== 'lagged') {
      continue;
    }
    if (event.kind === 'checkpoint' && event.size <= next) continue;
    const { size } = (await newest()).checkpoint;
    while (next < size) {
      const count = Math.min(PAGE_BLOCKS_DEFAULT, size - next);
      const reports = await examineRange(sessions, context, { namespace, from: next, count }, call);
      for (const report of reports) {
        yield report;
        next++;
      }
      if (reports.length === 0) break;
    }
  }
}
