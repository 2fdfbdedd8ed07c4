import type { Ledger } from '@basalt/ledger';
import type {
  Clock,
  CryptoProvider,
  NamespaceId,
  Random,
  Scheduler,
  Signer,
} from '@basalt/protocol';
import type { AuditReport, AuditRequest } from './mirror/audit.ts';
import type { MirrorReceipt, MirrorTarget } from './mirror/mirror-client.ts';
import type { NodeId } from './peer/node-id.ts';
import type { PeerWatch } from './peer/peer-book.ts';
import type { PeerTransport } from './peer/transport.ts';
import type { EventSource } from './relay/follow-events.ts';
import type { ReportedLie } from './relay/lies.ts';
import type { RecordStore } from './relay/records.ts';
import type { Route } from './routes.ts';

export interface FederationConfig {
  /** Roles of this node, as it tells them: origin, relay, cache, archive, witness, light. */
  readonly roles: readonly string[];
  /** Address under which peers reach this node; else the one given to `start`. */
  readonly url?: string;
  /** Other names under which requests come here, e.g. behind a proxy: `host` or `host:port`. */
  readonly authorities?: readonly string[];
  /** Addresses of nodes that this one trusts to bring new namespaces: upstreams and partners. */
  readonly peers?: readonly string[];
  /** Verifier keys of origins whose checkpoints are kept, node keys or logs' (vkey lines). */
  readonly originKeys?: readonly string[];
  /** The seed's `accept_unsigned_relay`: take announcements and blocks of anybody. Default no. */
  readonly acceptUnsignedRelay?: boolean;
  /** The seed's `max_relay_hops`. Default 8. */
  readonly maxRelayHops?: number;
  /** Meet peers that other peers tell of. Default no. */
  readonly discovery?: boolean;
  /** Discovery may try private and loopback addresses. Default no. */
  readonly allowPrivatePeers?: boolean;
  /** Copy new namespaces of met peers too. Default no: strangers could fill the disk. */
  readonly followDiscovered?: boolean;
  /** The only namespaces to copy; all where absent. */
  readonly namespaces?: readonly NamespaceId[];
  /** Copy the super-logs of origins too, so that witnessed checkpoints stay provable. */
  readonly superLogs?: boolean;
  /** Default 10,000. */
  readonly compareIntervalMs?: number;
  /**
   * Makes this node a mirror (c2sp.org/tlog-mirror): it cosigns what it holds durably under this
   * key name, e.g. `archive.example.org/mirror`. Needs `mirrorSigner`.
   */
  readonly mirrorName?: string;
  /**
   * Whether this node never lets payloads go, as a mirror tells it to origins: they let theirs go
   * on its word only then. Default yes; no where a retention policy is at work.
   */
  readonly keepsPayloads?: boolean;
}

export interface FederationComponents extends PeerWatch {
  readonly ledger: Ledger;
  /** Small records beside the blocks; the log store has them. */
  readonly records: RecordStore;
  readonly crypto: CryptoProvider;
  /** The peer key, Ed25519; the log key may serve. */
  readonly signer: Signer;
  readonly transport: PeerTransport;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Key of the mirror's cosignatures, Ed25519 or ML-DSA-44; of no other cosigner. */
  readonly mirrorSigner?: Signer;
  /** Event streams of configured peers, where their checkpoints shall be heard of at once. */
  readonly events?: EventSource;
  readonly onLie?: (lie: ReportedLie) => void;
  /** Told of what goes wrong here without a peer's fault; once while it goes on. */
  readonly onProblem?: (error: unknown) => void;
}

export interface FederationStatus {
  readonly id: NodeId;
  readonly url: string | undefined;
  readonly peers: readonly {
    readonly url: string;
    readonly id: NodeId | undefined;
    readonly roles: readonly string[];
    readonly isStatic: boolean;
    readonly failures: number;
    readonly pausedUntilMs: number;
    /** Why it was put aside last, or that its clock and this node's differ. */
    readonly problem: string | undefined;
    readonly lies: number;
    /** Of calls lately, smoothed; undefined where none was measured. */
    readonly rttSeconds: number | undefined;
  }[];
  readonly lies: readonly ReportedLie[];
  /** Logs that wait for a pull or are pulled. */
  readonly pulling: number;
  /** Hashes of blocks that are not asked for again for now. */
  readonly refused: number;
  /** Announcements and pushes sent since the start. */
  readonly callsSent: number;
  readonly forksWaiting: number;
  /** What went wrong last that is no peer's fault. */
  readonly problem: string | undefined;
  /** Origin lines of logs that have signed two trees. */
  readonly twoHeadedLogs: readonly string[];
  readonly origins: readonly { readonly origin: string; readonly logs: number }[];
}

export interface Federation {
  readonly id: NodeId;
  readonly routes: readonly Route[];
  /** @param url address of this node where the configuration names none */
  start(url?: string): Promise<void>;
  stop(): Promise<void>;
  status(): FederationStatus;
  /** What a copy does before it answers for the present; undefined: nothing any more. */
  catchUp(): string | undefined;
  /** One round of discovery and comparison with all peers, now. */
  synchronize(): Promise<void>;
  /** Verifier key line of this mirror's cosignatures, where it is one. */
  readonly mirrorKey: string | undefined;
  /** Brings a log to a mirror and gets its cosignature. @throws PeerError */
  pushToMirror(target: MirrorTarget, namespace: NamespaceId): Promise<MirrorReceipt>;
  /** Reads a mirror at random against its claim; a lie is reported and thrown. @throws PeerError */
  audit(request: AuditRequest): Promise<AuditReport>;
}
