import type {
  Block,
  BlockHash,
  Clock,
  CryptoProvider,
  Entry,
  Hash32,
  KeyState,
  NamespaceId,
  ProtocolErrorCode,
  Random,
  Scheduler,
  Signer,
  SnapshotManifest,
  SnapshotProof,
  Strategy,
  Verdict,
} from '@basalt/protocol';
import type { LogStore } from '@basalt/store';
import type { PruneHolds } from './retention/prune-before.ts';

/**
 * How long a submission waits. `immediate`: until a signed checkpoint covers the block, so the
 * answer can carry a proof. `durable`: until the sync. `eventual`: until it is queued.
 * (The third level of the protocol, stale-ok, concerns reads: caches may answer them.)
 */
export type Consistency = 'immediate' | 'durable' | 'eventual';

export interface SubmitOptions {
  readonly consistency?: Consistency;
  /** Compare-and-swap: refuse unless this is the head of the namespace now. */
  readonly ifHead?: BlockHash;
}

/** What became of one submitted block. */
export type SubmitOutcome =
  | {
      readonly status: 'accepted' | 'duplicate';
      readonly namespace: NamespaceId;
      readonly index: number;
      readonly blockHash: BlockHash;
    }
  | {
      /** Queued; ask for the block by its hash later. */
      readonly status: 'queued';
      readonly namespace: NamespaceId;
      readonly index: number;
      readonly blockHash: BlockHash;
    }
  | {
      readonly status: 'rejected';
      readonly namespace: NamespaceId;
      readonly index: number;
      readonly blockHash: BlockHash;
      readonly code: ProtocolErrorCode | LedgerErrorCode;
      readonly message: string;
    };

export type LedgerErrorCode =
  | 'queue-full'
  | 'head-moved'
  | 'read-only'
  | 'closed'
  | 'unknown-block'
  | 'unknown-namespace'
  | 'not-covered'
  /** Payloads that were to go have to stay; nothing went. */
  | 'payloads-held'
  | 'out-of-range'
  /** Older than the beginning of this copy. */
  | 'pruned'
  /** A snapshot of the namespace is not here whole yet. */
  | 'unfinished'
  | 'internal';

/** A record to be signed by a local writer. */
export interface LocalRecord {
  readonly payload: Uint8Array;
  readonly payloadType?: number;
  /** Milliseconds since the Unix epoch; the clock's time where absent. */
  readonly timestampMs?: number;
}

/** Signs records into one namespace inside this process; the head is locked by the store. */
export interface LocalWriter {
  readonly namespace: NamespaceId;
  /** Resolves after the sync that covers the records. */
  append(records: readonly LocalRecord[], options?: SubmitOptions): Promise<AppendedBlock[]>;
}

export interface AppendedBlock {
  readonly index: number;
  readonly blockHash: BlockHash;
}

export interface NamespaceInfo {
  readonly namespace: NamespaceId;
  /** Human name from the genesis block ("" for version 1 chains). */
  readonly label: string;
  readonly strategy: Strategy;
  readonly size: number;
  readonly headHash: BlockHash;
  readonly timestampMs: number;
  readonly root: Hash32;
  /** Set when a fork was proven: the namespace accepts nothing until a recovery block. */
  readonly frozenAt: number | undefined;
  readonly checkpointSize: number;
  readonly payloadsFrom: number;
  /** First block that is here; 0 unless the copy was begun at a snapshot. */
  readonly beginsAt: number;
}

export interface BlockView {
  readonly namespace: NamespaceId;
  readonly index: number;
  readonly blockHash: BlockHash;
  readonly entry: Uint8Array;
  /** undefined where the payload was pruned. */
  readonly payload: Uint8Array | undefined;
}

export interface InclusionProof {
  readonly namespace: NamespaceId;
  readonly index: number;
  readonly size: number;
  readonly root: Hash32;
  readonly leafHash: Hash32;
  readonly hashes: readonly Hash32[];
  /** The signed note for `size`, where `size` is the newest checkpoint's. */
  readonly checkpoint: string;
}

export interface BlockEvent {
  readonly kind: 'block';
  readonly namespace: NamespaceId;
  readonly index: number;
  readonly blockHash: BlockHash;
  readonly timestampMs: number;
  readonly payloadType: number;
  readonly payloadLength: number;
}

export type LedgerEvent =
  | BlockEvent
  | { readonly kind: 'checkpoint'; readonly namespace: NamespaceId; readonly size: number }
  | { readonly kind: 'fork'; readonly namespace: NamespaceId; readonly index: number }
  /** The subscriber was too slow and `dropped` events are missing; re-read from the head. */
  | { readonly kind: 'lagged'; readonly dropped: number };

/** One block to be checked: its key has been resolved already. */
export interface VerificationItem {
  readonly entry: Entry;
  readonly publicKey: Uint8Array;
  readonly payload: Uint8Array | undefined;
}

/** Batch signature checks, on worker threads or not; one verdict per item, in order. */
export interface BatchVerifier {
  verify(items: readonly VerificationItem[]): Promise<Verdict[]>;
}

export interface LedgerMetrics {
  blocksAccepted(count: number): void;
  blocksRejected(code: string, count: number): void;
  blocksDuplicate(count: number): void;
  queueDepth(blocks: number): void;
  commit(blocks: number, seconds: number, namespace: NamespaceId): void;
  /** The blocks of a commit: what they are, and in the same order what they carry. */
  committed?(events: readonly BlockEvent[], blocks: readonly CommittedPayload[]): void;
  checkpoint(namespaces: number, seconds: number): void;
  /** A round of checkpoints failed and will be tried again; blocks are durable all the same. */
  checkpointFailed(error: unknown): void;
}

export interface CommittedPayload {
  /** Empty where the block came without it. */
  readonly payload?: Uint8Array | undefined;
}

/** A checkpoint that is signed and durable and has not left the process. */
export interface SignedCheckpoint {
  readonly namespace: NamespaceId;
  readonly origin: string;
  readonly size: number;
  readonly root: Hash32;
  /** The note with the log's own signature. */
  readonly note: string;
  /** Consistency proof from an earlier size to this one. */
  consistency(from: number): Promise<readonly Hash32[]>;
}

/**
 * Holds checkpoints of some logs back until others have vouched for them. While one is held, reads
 * and proofs go on under the last one that was let out.
 */
export interface CheckpointGate {
  /** Whether the checkpoints of this log are held back; the same answer at all times. */
  holds(origin: string): boolean;
  /**
   * The note with more signature lines, as it may leave; undefined: not now, the newest one is
   * offered again after a pause. One checkpoint of a log at a time.
   */
  release(checkpoint: SignedCheckpoint): Promise<string | undefined>;
}

export interface LedgerComponents {
  readonly store: LogStore;
  readonly crypto: CryptoProvider;
  readonly verifier: BatchVerifier;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Signs checkpoints and the super-log; Ed25519. */
  readonly logSigner: Signer;
  /** Made durable before a checkpoint leaves the process (see `@basalt/store`, data folder). */
  readonly recordPublished: (records: readonly PublishedSize[]) => Promise<void>;
  readonly metrics?: LedgerMetrics;
  /** Witnesses; every checkpoint leaves at once where absent. */
  readonly gate?: CheckpointGate;
}

export interface PublishedSize {
  readonly namespace: NamespaceId;
  readonly size: number;
  readonly root: Hash32;
}

export interface LedgerOptions {
  /** First line of checkpoints is `<origin>/ns/<uuid>` or `<origin>/super`. */
  readonly origin: string;
  /** Longest time between a commit and the checkpoint that covers it; default 200. */
  readonly checkpointIntervalMs?: number;
  /** Super-root epoch; default 1,000. */
  readonly superEpochMs?: number;
  /**
   * False: signs no checkpoint, and no super-root, of whatever is there or comes in; a start with
   * true (the default) covers it. For a command over the log of a node that is stopped.
   */
  readonly publishes?: boolean;
  readonly queueBlocksMax?: number;
  readonly queueBytesMax?: number;
}

/** What proves a namespace's tree head under the super-log (or that it has none). */
export interface SuperProof {
  readonly namespace: NamespaceId;
  /** Super-tree proof, encoded by `protocol`. */
  readonly treeProof: Uint8Array;
  readonly superRoot: Hash32;
  /** The super-log block that carries the root: wire form. */
  readonly superBlock: Uint8Array;
  readonly inclusion: InclusionProof;
}

/** The ledger: everything that a gateway, a node or a test asks of it. */
export interface Ledger {
  readonly origin: string;
  /** Verifier key line (vkey) of the log's checkpoint key for the given checkpoint origin. */
  verifierKey(namespace: NamespaceId | 'super'): string;

  /** Outcomes in input order. @throws LedgerError `queue-full`, `read-only`, `closed` */
  submit(blocks: readonly Block[], options?: SubmitOptions): Promise<SubmitOutcome[]>;
  /** A block that was queued or refused lately and is not in the log; bounded memory. */
  submission(
    hash: BlockHash,
  ): Extract<SubmitOutcome, { status: 'queued' | 'rejected' }> | undefined;
  /** @throws LedgerError `unknown-namespace`; ProtocolError `wrong-writer` */
  openWriter(namespace: NamespaceId, signer: Signer): Promise<LocalWriter>;
  /** Creates a namespace with a genesis block signed by `signer`; idempotent by its payload. */
  createNamespace(genesisPayload: Uint8Array, signer: Signer): Promise<LocalWriter>;

  namespaces(): AsyncIterable<NamespaceInfo>;
  info(namespace: NamespaceId): Promise<NamespaceInfo | undefined>;
  /** Key periods, so that a verifier knows who may sign which index. */
  keyState(namespace: NamespaceId): Promise<KeyState | undefined>;
  /** Indexes of genesis, rotation and recovery blocks, in order. */
  keyBlocks(namespace: NamespaceId): Promise<readonly number[]>;
  locate(hash: BlockHash): Promise<{ namespace: NamespaceId; index: number } | undefined>;
  block(hash: BlockHash): Promise<BlockView | undefined>;
  blockAt(namespace: NamespaceId, index: number): Promise<BlockView | undefined>;
  /** Log entries [from, from + count), as the tree commits to them. */
  entries(namespace: NamespaceId, from: number, count: number): Promise<Uint8Array[]>;
  /** @throws StoreError `pruned` */
  payload(namespace: NamespaceId, index: number): Promise<Uint8Array | undefined>;

  /** Newest checkpoint as a signed note, undefined before the first. */
  checkpoint(namespace: NamespaceId | 'super'): Promise<string | undefined>;
  /** Proof under the newest checkpoint. @throws LedgerError `not-covered`, `out-of-range` */
  inclusionProof(namespace: NamespaceId, index: number): Promise<InclusionProof>;
  /** Compact multi-proof of several indexes under the newest checkpoint, encoded. */
  multiProof(namespace: NamespaceId, indexes: readonly number[]): Promise<Uint8Array>;
  consistencyProof(namespace: NamespaceId, from: number, to: number): Promise<Hash32[]>;
  /** Tile bytes for a size not above the published checkpoint; undefined when out of range. */
  tile(
    namespace: NamespaceId,
    level: number,
    index: number,
    width: number,
  ): Promise<Uint8Array | undefined>;
  superNamespace(): NamespaceId;
  superProof(namespace: NamespaceId): Promise<SuperProof>;
  snapshot(namespace: NamespaceId, height: number): Promise<SnapshotProof>;
  /**
   * What a copy consists of that ends at `height` and has at least so many of the newest blocks
   * (default 1; whole bundles, at most 1,048,576).
   * @throws LedgerError `out-of-range`, `not-covered`; ProtocolError `namespace-frozen`,
   *   `version-mismatch`; StoreError `pruned`
   */
  snapshotManifest(
    namespace: NamespaceId,
    height: number,
    blocks?: number,
  ): Promise<SnapshotManifest>;
  /** A chunk of the manifest with this height and beginning, as `openSnapshotChunk` reads it. */
  snapshotChunk(
    namespace: NamespaceId,
    height: number,
    from: number,
    chunk: number,
  ): Promise<Uint8Array>;
  /** Fork proofs held against a namespace, encoded by `protocol`. */
  forkProofs(namespace: NamespaceId): Promise<Uint8Array[]>;
  /**
   * Lets all payloads below an index go, or none; see `pruneBefore`. `holds`: what holds payloads
   * beside the ledger's own rules.
   *
   * @throws LedgerError `payloads-held`, `unknown-namespace`
   */
  prunePayloads(namespace: NamespaceId, beforeIndex: number, holds?: PruneHolds): Promise<number>;

  /** Live events; ends when the signal aborts or the ledger closes. */
  subscribe(options?: {
    namespace?: NamespaceId;
    signal?: AbortSignal;
  }): AsyncIterable<LedgerEvent>;
  /** Why the newest round of checkpoints failed, undefined when it did not. */
  checkpointProblem(): string | undefined;
  /** Why writes are refused now (full disk), undefined when they are taken. */
  readOnlyReason(): string | undefined;
  /**
   * Most blocks of one namespace that one commit takes from now on, 1 to GROUP_BLOCKS_MAX: fewer
   * make the first of them wait less, more make each of them cost less.
   */
  setGroupBlocksMax(blocks: number): void;
  /** Publishes a checkpoint of everything committed so far, now. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
