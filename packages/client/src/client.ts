import {
  type Block,
  type BlockHash,
  type NamespaceId,
  type Policy,
  parsePolicy,
} from '@basalt/protocol';
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
import { type PreparedReference, prepareReference, type ReferOptions } from './cross-reference.ts';
import { ClientError } from './errors.ts';
import { type BlockRange, requireServed } from './examine.ts';
import { createExaminerOf, type Examiner } from './examiner.ts';
import type { NegotiatedSession } from './handshake/session-cache.ts';
import { type IterateOptions, iterateBlocks } from './iterate.ts';
import { asUsage, createContext, type ExaminerOptions } from './options.ts';
import { formatProof, type ProvenBlock } from './prove.ts';
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
} from './types.ts';
import { readVerifiedHead, type VerifiedHead } from './verified-head.ts';
import { type VerifiedProof, type VerifyProofOptions, verifyProof } from './verify-proof.ts';
import {
  type SettledBlock,
  settledBlock,
  type WriteBlockOptions,
  type WrittenBlock,
  writeBlock,
} from './write-block.ts';

export interface ClientOptions extends Omit<ExaminerOptions, 'policy'> {
  /** A tlog-policy: text or parsed. Its logs are the pinned keys, its quorum must be met. */
  readonly policy?: string | Policy;
}

/** Everything that an application asks of a node. All calls throw `ClientError` only. */
export interface Client extends Examiner {
  /** The head, its writer and signature verified; newer than the newest checkpoint, perhaps. */
  head(namespace: NamespaceId, options?: CallOptions): Promise<VerifiedHead>;
  /** One block. Refused ones throw. */
  get(reference: BlockReference, options?: ReadOptions): Promise<ServedBlock>;
  /** Up to 256 consecutive blocks under one proof. The first refused one throws. */
  list(range: BlockRange, options?: ReadOptions): Promise<ServedBlock[]>;
  /** A walk over many blocks, the next page under way while one is read. */
  iterate(options: IterateOptions): AsyncGenerator<ServedBlock, void, undefined>;
  /** New blocks in order and without gaps, each with what was checked about it. */
  subscribe(options: SubscribeOptions): AsyncGenerator<BlockReport, void, undefined>;
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
  /** A payload that refers to a block of another namespace, with its proof. */
  refer(options: ReferOptions): Promise<PreparedReference>;
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
  /** Sends one signed block and comes back when the wanted consistency is reached. */
  writeBlock(block: Block, options?: WriteBlockOptions): Promise<WrittenBlock>;
  /** What became of a block that was sent with `eventual`. */
  settledBlock(hash: BlockHash | string, options?: CallOptions): Promise<SettledBlock>;
  /** What was negotiated with the node; undefined without `handshakes` or where it knows none. */
  negotiated(): Promise<NegotiatedSession | undefined>;
  /** Founds a namespace with the signer as its writer. */
  createNamespace(options: CreateNamespaceOptions): Promise<CreatedNamespace>;
}

/** Makes a client; nothing is asked of the node before the first call. */
export function createClient(options: ClientOptions): Client {
  const { policy, ...rest } = options;
  const parsed = typeof policy === 'string' ? asUsage(() => parsePolicy(policy)) : policy;
  const context = createContext(parsed === undefined ? rest : { ...rest, policy: parsed });
  const sessions = createSessions(context);
  const examiner = createExaminerOf(context, sessions);
  return {
    ...examiner,
    head: async (namespace, call = {}) =>
      readVerifiedHead(await sessions.open(namespace, call), call),
    get: async (reference, call = {}) => requireServed(await examiner.examine(reference, call)),
    list: async (range, call = {}) => (await examiner.examineRange(range, call)).map(requireServed),
    async *iterate(walk) {
      for await (const report of iterateBlocks(sessions, context, walk)) {
        yield requireServed(report);
      }
    },
    subscribe: (wanted) => subscribeBlocks(sessions, context, wanted),
    async prove(reference, call = {}) {
      const report = await examiner.examine(reference, { ...call, inclusion: 'wait' });
      const block = requireServed(report);
      const { proof } = block;
      if (proof === undefined || !block.verified.inclusion) {
        throw new ClientError('usage', 'no-trust', 'a client that verifies nothing cannot prove');
      }
      // At a copy the proof stands under a checkpoint that the caller's key has not signed.
      await (await sessions.open(proof.namespace, call)).log.admit(proof.checkpoint, call);
      return { block, proof, text: formatProof(block, proof) };
    },
    verify: (wanted) => verifyProof({ provider: context.provider, ...wanted }),
    consistency: async (namespace, from, call = {}) =>
      proveConsistency(await sessions.open(namespace, call), from, call),
    superProof: (namespace, call = {}) => readSuperProof(sessions, context, namespace, call),
    refer: (wanted) => prepareReference(sessions, context, wanted),
    snapshot: async (namespace, height, call = {}) =>
      readSnapshot(await sessions.open(namespace, call), height, call),
    async append(namespace, records, call) {
      const all: AppendedBlock[] = [];
      for await (const batch of appendRecords(sessions, namespace, records, call)) {
        all.push(...batch);
      }
      return all;
    },
    appendStream: (namespace, records, call) => appendRecords(sessions, namespace, records, call),
    submit: (blocks, call = {}) => submitBlocks(context, blocks, call),
    writeBlock: (block, call = {}) => writeBlock(sessions, context, block, call),
    settledBlock: (hash, call = {}) => settledBlock(context, hash, call),
    negotiated: () => context.session(),
    createNamespace: (wanted) => createNamespace(context, wanted),
  };
}
