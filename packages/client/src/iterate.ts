import type { NamespaceId } from '@basalt/protocol';
import { examineRange } from './examine.ts';
import { BATCH_BLOCKS_MAX, PAGE_BLOCKS_DEFAULT } from './limits.ts';
import type { ClientContext } from './options.ts';
import type { Sessions } from './session.ts';
import type { BlockReport, ReadOptions } from './types.ts';

export interface IterateOptions extends ReadOptions {
  readonly namespace: NamespaceId;
  /** First index; default 0. */
  readonly from?: number;
  /** Index after the last one; without it the walk ends where the chain ends now. */
  readonly to?: number;
  /** Blocks per request, at most 256; default 64. */
  readonly pageBlocks?: number;
}

/**
 * Walks over blocks in order; the next page is fetched and checked while the present one is read.
 */
export async function* iterateBlocks(
  sessions: Sessions,
  context: ClientContext,
  options: IterateOptions,
): AsyncGenerator<BlockReport, void, undefined> {
  const { namespace, from = 0, to = Number.MAX_SAFE_INTEGER } = options;
  const pageBlocks = Math.max(
    1,
    Math.min(BATCH_BLOCKS_MAX, options.pageBlocks ?? PAGE_BLOCKS_DEFAULT),
  );
  const controller = new AbortController();
  const stop = (): void => controller.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', stop, { once: true });
  if (options.signal?.aborted === true) stop();
  const read = (start: number): Promise<BlockReport[]> => {
    const count = Math.min(pageBlocks, to - start);
    const call = { ...options, signal: controller.signal };
    const page = examineRange(sessions, context, { namespace, from: start, count }, call);
    // Awaited later; a rejection that comes before that must not count as unhandled.
    page.catch(() => undefined);
    return page;
  };
  try {
    let next = from;
    let page = next < to ? read(next) : Promise.resolve([]);
    for (;;) {
      const reports = await page;
      next += reports.length;
      if (reports.length === 0) return;
      const isMore = next < to;
      if (isMore) page = read(next);
      yield* reports;
      if (!isMore) return;
    }
  } finally {
    options.signal?.removeEventListener('abort', stop);
    // A consumer that stops early does not want the page that is under way.
    controller.abort();
  }
}
