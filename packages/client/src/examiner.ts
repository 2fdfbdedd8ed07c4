import type { NamespaceId } from '@basalt/protocol';
import type { VerifiedReference } from './cross-reference.ts';
import { type EventsOptions, type NodeEvent, readEvents } from './events.ts';
import {
  type BlockRange,
  examineBlock,
  examineRange,
  requireReference,
  requireServed,
} from './examine.ts';
import { SEARCH_ROWS } from './limits.ts';
import { type ClientContext, createContext, type ExaminerOptions } from './options.ts';
import { readCheckpoint } from './read-checkpoint.ts';
import {
  fetchNamespace,
  fetchNamespaces,
  type NamespaceDetail,
  type NamespaceSearch,
  type NamespaceSummary,
  searchPath,
} from './requests.ts';
import { createSessions, type Sessions } from './session.ts';
import type {
  BlockReference,
  BlockReport,
  CallOptions,
  ReadOptions,
  VerifiedCheckpoint,
} from './types.ts';

/** What a page needs that shows blocks and what holds about them. Throws `ClientError` only. */
export interface Examiner {
  /** Namespaces as the node tells them, page after page; nothing to verify in a list. */
  namespaces(options?: CallOptions): AsyncGenerator<NamespaceSummary, void, undefined>;
  /** Namespaces that a search finds, by label; as the node tells them. */
  search(
    search: NamespaceSearch,
    options?: CallOptions,
  ): AsyncGenerator<NamespaceSummary, void, undefined>;
  /** One namespace by id or, where unique, by label; as the node tells it. */
  namespace(idOrLabel: string, options?: CallOptions): Promise<NamespaceDetail>;
  /** The newest checkpoint, verified and kept. */
  checkpoint(namespace: NamespaceId, options?: CallOptions): Promise<VerifiedCheckpoint>;
  /** One block with what holds and what does not; refused ones are told, not thrown. */
  examine(reference: BlockReference, options?: ReadOptions): Promise<BlockReport>;
  /** Up to 256 consecutive blocks under one proof, refused ones told one by one. */
  examineRange(range: BlockRange, options?: ReadOptions): Promise<BlockReport[]>;
  /**
   * What a block that refers to another namespace shows, checked: the target, its place in its log,
   * that log's head in the super-log, and that nothing of it is newer than the block.
   */
  crossReference(reference: BlockReference, options?: CallOptions): Promise<VerifiedReference>;
  /** What the node says that happens; hints, unverified. */
  events(options?: EventsOptions): AsyncGenerator<NodeEvent, void, undefined>;
}

/** The examining part of a client alone, for pages that count their bytes. */
export function createExaminer(options: ExaminerOptions): Examiner {
  const context = createContext(options);
  return createExaminerOf(context, createSessions(context));
}

export function createExaminerOf(context: ClientContext, sessions: Sessions): Examiner {
  const { transport } = context;
  return {
    namespaces: (call = {}) => listNamespaces(context, '/chains', call),
    search: (search, call = {}) => listNamespaces(context, searchPath(search, SEARCH_ROWS), call),
    namespace: (idOrLabel, call = {}) => fetchNamespace(transport, idOrLabel, call),
    checkpoint: async (namespace, call = {}) =>
      readCheckpoint(await sessions.open(namespace, call), call),
    examine: (reference, call = {}) =>
      examineBlock(sessions, context, requireReference(reference), call),
    examineRange: (range, call = {}) => examineRange(sessions, context, range, call),
    async crossReference(reference, call = {}) {
      const named = requireReference(reference);
      const block = requireServed(await examineBlock(sessions, context, named, call));
      // Loaded apart: most pages never meet such a block.
      const { verifyReference } = await import('./seldom.ts');
      return await verifyReference(sessions, context, block, call);
    },
    events: (wanted = {}) => readEvents(context, wanted),
  };
}

async function* listNamespaces(
  { transport }: ClientContext,
  first: string,
  call: CallOptions,
): AsyncGenerator<NamespaceSummary, void, undefined> {
  let path: string | undefined = first;
  while (path !== undefined) {
    const page: Awaited<ReturnType<typeof fetchNamespaces>> = await fetchNamespaces(
      transport,
      path,
      call,
    );
    yield* page.items;
    path = page.next;
  }
}
