/**
 * The ledger: takes signed blocks into namespaces, makes them durable in groups, keeps their trees
 * and signs checkpoints. Everything above it (HTTP, command line) only translates.
 *
 * Specifications: RFC 6962 and RFC 9162 (trees), C2SP tlog-tiles, tlog-checkpoint and signed-note;
 * block rules in `@basalt/protocol`.
 *
 * Invariants:
 * - A block is acknowledged only after the sync that holds it.
 * - A namespace has one head; two blocks at one index are a fork, whose proof is kept.
 * - A checkpoint leaves the process only after its size is durable outside of the store too, so a
 *   store restored from an old copy can never sign a second history.
 * - A failed write leaves the state in memory as it is on disk.
 * - Namespaces do not wait for one another, except for the sync that they share.
 *
 * @example
 * const ledger = await createLedger(components, { origin: 'example.com' });
 * const writer = await ledger.createNamespace(genesisPayload, signer);
 * const [block] = await writer.append([{ payload }], { consistency: 'immediate' });
 * const proof = await ledger.inclusionProof(writer.namespace, block.index);
 *
 * Limits: 200,000 blocks or 256 MiB waiting, 4,096 blocks of one namespace in one group, 10,000
 * namespaces with their head in memory (others are read again when needed), 10,000 subscribers.
 * It does not replicate: one process owns one data folder.
 *
 * @module
 */

export { type AuditFinding, type AuditOptions, auditNamespace } from './audit.ts';
export { LedgerError } from './errors.ts';
export { createLedger } from './ledger.ts';
export { GROUP_BLOCKS_MAX } from './limits.ts';
export {
  createRetention,
  type Retention,
  type RetentionAccount,
  type RetentionComponents,
  type RetentionConfig,
  type RetentionResult,
} from './retention/create-retention.ts';
export type { GrowthForecast } from './retention/forecast.ts';
export { noteArchives, notedArchives } from './retention/noted-archives.ts';
export type { IsArchived } from './retention/plan.ts';
export {
  parsePolicyFile,
  parsePolicyWord,
  type RetentionAction,
  type RetentionPolicy,
  type RetentionRule,
} from './retention/policy.ts';
export type { PruneHolder, PruneHolds } from './retention/prune-before.ts';
export {
  createPayloadRestore,
  type MissingPayloads,
  type PayloadRestore,
  type PayloadRestoreComponents,
  type RestoredPayloads,
} from './retention/restore.ts';
export { storedNamespaces } from './retention/stored-namespaces.ts';
export {
  importSnapshot,
  type SnapshotImport,
  type SnapshotImportComponents,
  type SnapshotImportOptions,
  unfinishedSnapshot,
} from './snapshot/import-snapshot.ts';
export type {
  AppendedBlock,
  BatchVerifier,
  BlockEvent,
  BlockView,
  CheckpointGate,
  CommittedPayload,
  Consistency,
  InclusionProof,
  Ledger,
  LedgerComponents,
  LedgerErrorCode,
  LedgerEvent,
  LedgerMetrics,
  LedgerOptions,
  LocalRecord,
  LocalWriter,
  NamespaceInfo,
  PublishedSize,
  SignedCheckpoint,
  SubmitOptions,
  SubmitOutcome,
  SuperProof,
  VerificationItem,
} from './types.ts';
