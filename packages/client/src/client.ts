import { type Block, type NamespaceId, type Policy, parsePolicy } from '@basalt/protocol';
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
import { asUsage, createContext, type ReaderOptions } from './options.ts';
import { createReaderOf, type Reader } from './reader.ts';
import { createSessions } from './session.ts';
import { readSnapshot, type VerifiedSnapshot } from './snapshot.ts';
import { type SubmitOptions, type SubmittedBlock, submitBlocks } from './submit.ts';
import { readSuperProof, type VerifiedSuperProof } from './super-proof.ts';
import type { CallOptions } from './types.ts';
import { type VerifiedProof, type VerifyProofOptions, verifyProof } from './verify-proof.ts';

export interface ClientOptions extends Omit<ReaderOptions, 'policy'> {
  /** A tlog-policy: text or parsed. Its logs are the pinned keys, its quorum must be met. */
  readonly policy?: string | Policy;
}

/** Everything that an application asks of a node. All calls throw `ClientError` only. */
export interface Client extends Reader {
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
  const { policy, ...rest } = options;
  const parsed = typeof policy === 'string' ? asUsage(() => parsePolicy(policy)) : policy;
  const context = createContext(parsed === undefined ? rest : { ...rest, policy: parsed });
  const sessions = createSessions(context);
  return {
    ...createReaderOf(context, sessions),
    verify: (wanted) => verifyProof({ provider: context.provider, ...wanted }),
    consistency: async (namespace, from, call = {}) =>
      proveConsistency(await sessions.open(namespace, call), from, call),
    superProof: (namespace, call = {}) => readSuperProof(sessions, context, namespace, call),
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
    createNamespace: (wanted) => createNamespace(context, wanted),
  };
}
