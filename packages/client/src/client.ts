import type { Block, NamespaceId } from '@basalt/protocol';
import {
  type AppendedBlock,
  type AppendOptions,
  type AppendRecord,
  appendRecords,
} from './append.ts';
import { type HeldHead, proveConsistency, type VerifiedConsistency } from './consistency.ts';
import {
  type CreatedNamespace,
  type CreateNamespaceOptions,
  createNamespace,
} from './create-namespace.ts';
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
import { type ClientOptions, createContext } from './options.ts';
import { formatProof, type ProvenBlock } from './prove.ts';
import {
  fetchCheckpoint,
  fetchNamespace,
  fetchNamespaces,
  type NamespaceDetail,
  type NamespaceSummary,
} from './requests.ts';
import { createSessions } from './session.ts';
import { readSnapshot, type VerifiedSnapshot } from './snapshot.ts';
import { type SubmitOptions, type SubmittedBlock, submitBlocks } from './submit.ts';
import { type SubscribeOptions, subscribeBlocks } from './subscribe.ts';
import { readSuperProof, type VerifiedSuperProof } from './super-proof.ts';
import type {
  BlockReference,
  BlockReport,
  CallOptions,
  ReadOptions,
  ServedBlock,
  VerifiedCheckpoint,
} from './types.ts';
import { readVerifiedHead, type VerifiedHead } from './verified-head.ts';
import { type VerifiedProof, type VerifyProofOptions, verifyProof } from './verify-proof.ts';

/** Everything that an application asks of a node. All calls throw `ClientError` only. */
export interface Client {
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
  /** Checks a proof file without asking the node; see `verifyProof`. */
  verify(options: VerifyProofOptions): Promise<VerifiedProof>;
  /** Shows that the log continues a tree head held by the caller. */
  consistency(
    namespace: NamespaceId,
    from: HeldHead,
    options?: CallOptions,
  ): Promise<VerifiedConsistency>;
  /** What the super-log says about the namespace. */
  superProof(namespace: NamespaceId, options?: CallOptions): Promise<VerifiedSuperProof>;
  /** The tree at a height, checked against the newest checkpoint. */
  snapshot(
    namespace: NamespaceId,
    height: number,
    options?: CallOptions,
  ): Promise<VerifiedSnapshot>;
  /** Signs records onto the head and sends them; resolves when the node has them all. */
  append(
    namespace: NamespaceId,
    records: readonly AppendRecord[],
    options: AppendOptions,
  ): Promise<AppendedBlock[]>;
  /** As `append` for a stream of any length: yields batch after batch, holds one in memory. */
  appendStream(
    namespace: NamespaceId,
    records: Iterable<AppendRecord> | AsyncIterable<AppendRecord>,
    options: AppendOptions,
  ): AsyncGenerator<AppendedBlock[], void, undefined>;
  /** Sends blocks that are signed already, at most 256. */
  submit(blocks: readonly Block[], options?: SubmitOptions): Promise<SubmittedBlock[]>;
  /** Founds a namespace with the signer as its writer. */
  createNamespace(options: CreateNamespaceOptions): Promise<CreatedNamespace>;
}

/** Makes a client; nothing is asked of the node before the first call. */
export function createClient(options: ClientOptions): Client {
  const context = createContext(options);
  const sessions = createSessions(context);
  const { transport } = context;
  const open = (namespace: NamespaceId, call: CallOptions): ReturnType<typeof sessions.open> =>
    sessions.open(namespace, call);
  const examine = (reference: BlockReference, call: ReadOptions): Promise<BlockReport> =>
    examineBlock(sessions, context, requireReference(reference), call);
  return {
    async *namespaces(call = {}) {
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
    },
    namespace: (idOrLabel, call = {}) => fetchNamespace(transport, idOrLabel, call),
    async checkpoint(namespace, call = {}) {
      const { log } = await open(namespace, call);
      return log.admit(await fetchCheckpoint(transport, namespace, call), call);
    },
    head: async (namespace, call = {}) => readVerifiedHead(await open(namespace, call), call),
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
      if (context.verify === 'none') throw needsVerification('prove');
      const block = requireServed(await examine(reference, { ...call, inclusion: 'wait' }));
      const proof = block.proof;
      if (proof === undefined) throw needsVerification('prove');
      return { block, proof, text: formatProof(block, proof) };
    },
    verify: (wanted) => verifyProof({ provider: context.provider, ...wanted }),
    consistency: async (namespace, from, call = {}) =>
      proveConsistency(await open(namespace, call), from, call),
    superProof: (namespace, call = {}) => readSuperProof(sessions, context, namespace, call),
    snapshot: async (namespace, height, call = {}) =>
      readSnapshot(await open(namespace, call), height, call),
    async append(namespace, records, call) {
      const all: AppendedBlock[] = [];
      for await (const batch of appendRecords(sessions, namespace, records, call)) {
        all.push(...batch);
      }
      return all;
    },
    appendStream: (namespace, records, call) => appendRecords(sessions, namespace, records, call),
    submit: (blocks, call = {}) => submitBlocks(context, blocks, call),
    createNamespace: (wanted) => createNamespace(context, wanted),
  };
}

function needsVerification(call: string): ClientError {
  return new ClientError('usage', 'no-trust', `${call} works with verification only`);
}
