/**
 * What nodes do for each other without trusting each other: witnesses cosign, relays and archives
 * copy, caches answer in place of an origin, time stamps say when.
 *
 * Specifications: C2SP tlog-witness, tlog-cosignature, tlog-mirror and tlog-tiles; RFC 9421 and
 * RFC 9530 for calls between nodes; RFC 3161; RFC 9111 and RFC 9211 for caches. The wire forms of
 * peers, relays and archives are in the README of this package.
 *
 * Invariants:
 * - Nothing is stored before it was shown to be under a checkpoint that its log has signed, and the
 *   ledger then applies its own rules to every block.
 * - What is pushed is a hint; what is pulled is proven. Nothing goes round twice.
 * - A cosignature leaves only after what it says is durable.
 * - An answer that does not hold names its sender and is never held against the block.
 *
 * @example
 * const federation = createFederation(
 *   { roles: ['relay'], peers: ['https://log.example.org'] },
 *   { ledger, records: store, crypto, signer, transport, clock, scheduler, random },
 * );
 * const gateway = createGateway({ ...components, extensions: federation.routes }, options);
 * await federation.start((await gateway.start()).url);
 * federation.status().lies; // who was caught at what
 *
 * Limits: `limits.ts` of each folder. Trust in log keys is at first use unless they are pinned.
 *
 * @module
 */

export {
  createHandOver,
  type HandOver,
  type HandOverComponents,
  type HandOverConfig,
  type HandOverResult,
} from './archive/hand-over.ts';
export type { CacheAnswer } from './cache/answer.ts';
export type { CacheRequest } from './cache/cache-types.ts';
export {
  type CacheRole,
  type CacheRoleComponents,
  type CacheRoleConfig,
  type CacheRoleStats,
  createCacheRole,
} from './cache/create-cache-role-shell.ts';
export { isOwner } from './cache/reader-shell.ts';
export { createFederation } from './federation.ts';
export type {
  Federation,
  FederationComponents,
  FederationConfig,
  FederationStatus,
} from './federation-types.ts';
export { type AuditReport, type AuditRequest, auditMirror } from './mirror/audit.ts';
export type { MirrorReceipt, MirrorTarget } from './mirror/mirror-client.ts';
export { createFetchTransport, type PeerTransport } from './peer/transport.ts';
export { createClientEvents } from './relay/client-events.ts';
export type { EventSource } from './relay/follow-events.ts';
export { Lie, type LieReason } from './relay/lie.ts';
export type { ReportedLie } from './relay/lies.ts';
export type { RecordStore } from './relay/records.ts';
export type { Route, RouteRequest, RouteResponse } from './routes.ts';
export { TimestampError, type TimestampErrorCode } from './timestamp/errors.ts';
export {
  createTimestampClient,
  parseCertificates,
  type Timestamp,
  type TimestampClient,
  type TimestampClientComponents,
  type TimestampClientConfig,
} from './timestamp/timestamp-client.ts';
export {
  type ExpectedTimestamp,
  type VerifiedTimestamp,
  verifyTimestampToken,
} from './timestamp/timestamp-token.ts';
export { type BlsCollectorParts, createBlsCollector } from './witness/bls-collector.ts';
export {
  type BlsCommittee,
  type BlsWitness,
  createBlsCommittee,
  verifyBlsAggregate,
} from './witness/bls-cosignature.ts';
export {
  type ChainCheckpoints,
  type ChainCheckpointsComponents,
  type ChainCheckpointsStatus,
  type CheckpointedChain,
  createChainCheckpoints,
} from './witness/chain-checkpoints.ts';
export {
  createWitness,
  type WitnessRole,
  type WitnessRoleConfig,
} from './witness/create-witness.ts';
export {
  createWitnessClient,
  type WitnessClient,
  type WitnessClientComponents,
  type WitnessClientConfig,
  type WitnessClientStatus,
  type WitnessedLogStatus,
} from './witness/create-witness-client.ts';
export { WitnessError, type WitnessErrorCode } from './witness/errors.ts';
export { parseLogList, type WitnessedLog } from './witness/log-list.ts';
export { type RecordStorage, storeRecords } from './witness/record-storage.ts';
export type { WitnessComponents, WitnessConfig, WitnessStatus } from './witness/witness.ts';
export type { WitnessProblem, WitnessReport } from './witness/witness-link.ts';
