/**
 * What an application imports to read, prove and append blocks of a Basalt node over HTTP. A light
 * client: it holds one checkpoint per log, checks every answer against it, and says what it
 * checked. Runs in browsers and in Node >= 24; imports nothing but `@basalt/protocol`.
 *
 * Specifications: the HTTP contract of `@basalt/gateway`; C2SP signed-note, tlog-checkpoint,
 * tlog-proof and tlog-policy; RFC 9162 proofs; RFC 9457 problems; server-sent events of HTML.
 *
 * Invariants:
 * - What is returned was checked, and `verified` names each check; `false` there means not checked.
 *   What does not hold is refused with a code, whatever else holds.
 * - No claim beyond the check: `trust` says whether the log's key was given (`pinned`) or told by
 *   the
 *   node itself at first contact (`first-use`).
 * - A checkpoint that contradicts the one held is refused with both notes as evidence.
 * - A retry never doubles a block: it is signed once and known by its hash.
 * - Every wait ends: time-outs per attempt, bounded retries, an AbortSignal in every call.
 *
 * @example
 * const client = createClient({ url: 'http://127.0.0.1:8080', storage });
 * const block = await client.get({ namespace, index: 42 });
 * block.verified; // { payloadHash: true, signature: true, writer: true, inclusion: true, ... }
 * const { text } = await client.prove({ namespace, index: 42 });
 * await client.verify({ proof: text, payload, policy });
 *
 * Limits: that a log hides no key block and shows everybody the same history is for witnesses and
 * monitors to say, not for one client. Lists of namespaces are the node's word.
 *
 * @module
 */
export type { AppendedBlock, AppendOptions, AppendRecord } from './append.ts';
export { type Client, type ClientOptions, createClient } from './client.ts';
export type { HeldHead, VerifiedConsistency } from './consistency.ts';
export type { CreatedNamespace, CreateNamespaceOptions } from './create-namespace.ts';
export type { PreparedReference, ReferOptions, VerifiedReference } from './cross-reference.ts';
export {
  CLIENT_ERROR_CODES,
  ClientError,
  type ClientErrorCode,
  type ClientErrorKind,
  type ClientErrorMetadata,
  SERVER_ERROR_CODES,
} from './errors.ts';
export type { EventsOptions, NodeEvent } from './events.ts';
export type { BlockRange } from './examine.ts';
export { createExaminer, type Examiner } from './examiner.ts';
export { type FollowChainOptions, type FollowedChunk, followChain } from './follow-chain.ts';
export {
  createHandshakes,
  type HandshakeOptions,
  type Handshakes,
} from './handshake/handshakes.ts';
export type { NegotiatedSession } from './handshake/session-cache.ts';
export type { IterateOptions } from './iterate.ts';
export type { ExaminerOptions, KeyedClaim, ProviderSource } from './options.ts';
export { type ProofStep, proofPath } from './proof-path.ts';
export type { ProvenBlock } from './prove.ts';
export { reasonOf } from './reasons.ts';
export type { NamespaceDetail, NamespaceSearch, NamespaceSummary } from './requests.ts';
export type { VerifiedSnapshot } from './snapshot.ts';
export {
  createSnapshotDownload,
  type SnapshotDownload,
  type SnapshotRequest,
  type VerifiedManifest,
} from './snapshot-download.ts';
export {
  type CheckpointStorage,
  createMemoryStorage,
  createWebStorage,
  type WebStorageLike,
} from './storage.ts';
export type { SubmitOptions, SubmittedBlock } from './submit.ts';
export type { SubscribeOptions } from './subscribe.ts';
export type { VerifiedSuperProof } from './super-proof.ts';
export {
  type CheckedTransaction,
  checkTransaction,
  readTransactionProof,
  type TransactionProof,
} from './transaction-proof.ts';
export type { FetchFunction } from './transport.ts';
export type {
  BlockProof,
  BlockReference,
  BlockReport,
  CallOptions,
  CheckName,
  Checks,
  ReadOptions,
  RefusedBlock,
  ServedBlock,
  Trust,
  Verified,
  VerifiedCheckpoint,
} from './types.ts';
export type { VerifiedHead } from './verified-head.ts';
export { type VerifiedProof, type VerifyProofOptions, verifyProof } from './verify-proof.ts';
export {
  formatTransactionProof,
  isTransactionProof,
  tlogProofOf,
  type VerifiedTransaction,
  type VerifiedTransactionProof,
  verifyTransaction,
  verifyTransactionProof,
} from './verify-transaction.ts';
export { createWebProvider, type SubtleLike, type WebProviderOptions } from './web-provider.ts';
export {
  readWitnessedRecord,
  type WitnessedPayload,
  type WitnessedRecord,
  type WitnessedRecordOptions,
} from './witnessed-record.ts';
export type { SettledBlock, WriteBlockOptions, WrittenBlock } from './write-block.ts';
