import type { NamespaceId } from '@basalt/protocol';
import { ClientError } from './errors.ts';
import { type EventsOptions, type NodeEvent, readEvents } from './events.ts';
import {
  type BlockRange,
  examineBlock,
  examineRange,
  requireReference,
  requireServed,
} from './examine.ts';
import { type IterateOptions, iterateBlocks } from './iterate.ts';
import { type ClientContext, createContext, type ReaderOptions } from './options.ts';
import { formatProof, type ProvenBlock } from './prove.ts';
import {
  fetchCheckpoint,
  fetchNamespace,
  fetchNamespaces,
  type NamespaceDetail,
  type NamespaceSummary,
} from './requests.ts';
import { createSessions, type Sessions } from './session.ts';
import { type SubscribeOptions, subscribeBlocks } from './subscribe.ts';
import type {
  BlockReference,
  BlockReport,
  CallOptions,
  ReadOptions,
  ServedBlock,
  VerifiedCheckpoint,
} from './types.ts';
import { readVerifiedHead, type VerifiedHead } from './verified-head.ts';

/** Everything that reads a node. All calls throw `ClientError` only. */
export interface Reader {
  /** Namespaces as the node tells them, page after page; nothing to verify in a list. */
  namespaces(options?: CallOptions): AsyncGenerator<NamespaceSummary, void, undefined>;
  /** One namespace by id or, where unique, by label; as the node tells it. */
  namespace(idOrLabel: string, options?: CallOptions): Promise<NamespaceDetail>;
  /** The newest checkpoint, verified and kept. */
  checkpoint(namespace: NamespaceId, options?: CallOptions): Promise<VerifiedCheckpoint>;
  /** The head, its writer and signature verified; newer than the newest checkpoint, perhaps. */
  head(namespace: NamespaceId, options?: CallOptions): Promise<VerifiedHead>;
  /** One block. Refused ones throw. */
  get(reference: BlockReference, options?: ReadOptions): Promise<ServedBlock>;
  /** One block with what holds and what does not; refused ones are told, not thrown. */
  examine(reference: BlockReference, options?: ReadOptions): Promise<BlockReport>;
  /** Up to 256 consecutive blocks under one proof. The first refused one throws. */
  list(range: BlockRange, options?: ReadOptions): Promise<ServedBlock[]>;
  /** As `list`, with refused blocks told one by one. */
  examineRange(range: BlockRange, options?: ReadOptions): Promise<BlockReport[]>;
  /** A walk over many blocks, the next page under way while one is read. */
  iterate(options: IterateOptions): AsyncGenerator<ServedBlock, void, undefined>;
  /** New blocks in order and without gaps, each with what was checked about it. */
  subscribe(options: SubscribeOptions): AsyncGenerator<BlockReport, void, undefined>;
  /** What the node says that happens; hints, unverified. */
  events(options?: EventsOptions): AsyncGenerator<NodeEvent, void, undefined>;
  /** A block with its proof, as values and as a `.tlog-proof` file. */
  prove(reference: BlockReference, options?: CallOptions): Promise<ProvenBlock>;
}

/** The reading half of a client, for pages that count their bytes. */
export function createReader(options: ReaderOptions): Reader {
  const context = createContext(options);
  return createReaderOf(context, createSessions(context));
}

export function createReaderOf(context: ClientContext, sessions: Sessions): Reader {
  const { transport } = context;
  const examine = (reference: BlockReference, call: ReadOptions): Promise<BlockReport> =>
    examineBlock(sessions, context, requireReference(reference), call);
  return {
    namespaces: (call = {}) => listNamespaces(context, call),
    namespace: (idOrLabel, call = {}) => fetchNamespace(transport, idOrLabel, call),
    async checkpoint(namespace, call = {}) {
      const { log } = await sessions.open(namespace, call);
      return log.admit(await fetchCheckpoint(transport, namespace, call), call);
    },
    head: async (namespace, call = {}) =>
      readVerifiedHead(await sessions.open(namespace, call), call),
    get: async (reference, call = {}) => requireServed(await examine(reference, call)),
    examine: (reference, call = {}) => examine(reference, call),
    async list(range, call = {}) {
      return (await examineRange(sessions, context, range, call)).map(requireServed);
    },
    examineRange: (range, call = {}) => examineRange(sessions, context, range, call),
    async *iterate(walk) {
      for await (const report of iterateBlocks(sessions, context, walk)) {
        yield requireServed(report);
      }
    },
    subscribe: (wanted) => subscribeBlocks(sessions, context, wanted),
    events: (wanted = {}) => readEvents(context, wanted),
    async prove(reference, call = {}) {
      const block = requireServed(await examine(reference, { ...call, inclusion: 'wait' }));
      const { proof } = block;
      if (proof === undefined || !block.verified.inclusion) {
        throw new ClientError('usage', 'no-trust', 'a client that verifies nothing cannot prove');
      }
      return { block, proof, text: formatProof(block, proof) };
    },
  };
}

async function* listNamespaces(
  { transport }: ClientContext,
  call: CallOptions,
): AsyncGenerator<NamespaceSummary, void, undefined> {
  let path: string | undefined = '/chains';
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
