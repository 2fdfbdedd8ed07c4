import type { Ledger, PruneHolds } from '@basalt/ledger';
import {
  type AlgorithmId,
  type Clock,
  type CryptoProvider,
  type NamespaceId,
  SESSION_MS_MAX,
  type Signer,
} from '@basalt/protocol';
import type { Health, Logger, MetricsRegistry } from '@basalt/telemetry';
import type { RouteExtension } from './extension.ts';
import { proxyKeys, type RateLimit } from './http/token-bucket.ts';
import * as limits from './limits.ts';

/** Shows that a transaction of a chain stands in the ledger. */
export interface TransactionProofs {
  /** Ready for JSON; undefined for a transaction that no block has. `hash`: 32 bytes. */
  prove(hash: Uint8Array): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/** What a gateway is made of. */
export interface GatewayComponents {
  readonly ledger: Ledger;
  readonly crypto: CryptoProvider;
  readonly clock: Clock;
  /** No-op where absent; its text is served at `/metrics`. */
  readonly metrics?: MetricsRegistry;
  readonly logger?: Logger;
  /** Of the chain that runs on the ledger; absent where there is none. */
  readonly transactionProofs?: TransactionProofs;
  /** Judges the node as a whole, for `/readyz` and `/healthz`; the ledger alone where absent. */
  readonly health?: () => Health;
  /** What holds payloads against `/admin/prune` beside the ledger's own rules. */
  readonly pruneHolds?: PruneHolds;
  /** Routes that other rooms bring along. */
  readonly extensions?: readonly RouteExtension[];
}

/** What the capability document tells beyond what the gateway knows itself. */
export interface NodeDescription {
  readonly version: string;
  /** E.g. `origin`, `relay`, `archive`. */
  readonly roles: readonly string[];
  readonly algorithms: readonly AlgorithmId[];
  /** Signs the document; without it the document says so by having no signature. */
  readonly signer?: Signer;
}

/** Everything has a default; see `limits.ts` for the reasons. */
export interface GatewayOptions {
  readonly node?: NodeDescription;
  /** Bearer token of `/admin`; without it administration answers 401 to everybody. */
  readonly adminToken?: string;
  /** May strangers create namespaces? Default: true when listening on loopback, else false. */
  readonly openNamespaces?: boolean;
  /** Let pages of other origins submit blocks. Default false. */
  readonly allowCrossOriginWrites?: boolean;
  /** Ask for the admin token at `/metrics`. Default false. */
  readonly protectMetrics?: boolean;
  /** Folder of the explorer page, read once at start; served at `/`. */
  readonly explorerFolder?: string;
  /** Folder of the dashboard page, read once at start; served at `/dashboard/`. */
  readonly dashboardFolder?: string;
  /** Called after payloads were pruned over HTTP. */
  readonly onPrune?: (namespace: NamespaceId, beforeIndex: number) => void;
  readonly batchBlocksMax?: number;
  readonly bodiesBytesMax?: number;
  readonly cacheBytesMax?: number;
  readonly connectionsMax?: number;
  readonly eventStreamsMax?: number;
  /** IP addresses that many read through, as this machine's may be; of IPv6 the whole /64. */
  readonly readerProxies?: readonly string[];
  readonly sessionsMax?: number;
  /** Life of a session, at most a day. */
  readonly sessionMs?: number;
  readonly eventHeartbeatMs?: number;
  readonly headersTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly keepAliveTimeoutMs?: number;
  readonly timeoutCheckMs?: number;
  readonly rateLoopback?: RateLimit;
  readonly rateRemote?: RateLimit;
  readonly addressesMax?: number;
}

/** Options with every default filled in. */
export interface GatewaySettings {
  readonly node: NodeDescription | undefined;
  readonly adminToken: string | undefined;
  /** Undefined until the address to listen on is known. */
  readonly openNamespaces: boolean | undefined;
  readonly allowCrossOriginWrites: boolean;
  readonly protectMetrics: boolean;
  readonly explorerFolder: string | undefined;
  readonly dashboardFolder: string | undefined;
  readonly onPrune: ((namespace: NamespaceId, beforeIndex: number) => void) | undefined;
  readonly batchBlocksMax: number;
  readonly bodiesBytesMax: number;
  readonly cacheBytesMax: number;
  readonly connectionsMax: number;
  readonly eventStreamsMax: number;
  readonly readerProxies: ReadonlySet<string>;
  readonly sessionsMax: number;
  readonly sessionMs: number;
  readonly eventHeartbeatMs: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly timeoutCheckMs: number;
  readonly rateLoopback: RateLimit;
  readonly rateRemote: RateLimit;
  readonly addressesMax: number;
}

export function fillOptions(options: GatewayOptions): GatewaySettings {
  return {
    node: options.node,
    adminToken: options.adminToken === '' ? undefined : options.adminToken,
    openNamespaces: options.openNamespaces,
    allowCrossOriginWrites: options.allowCrossOriginWrites ?? false,
    protectMetrics: options.protectMetrics ?? false,
    explorerFolder: options.explorerFolder,
    dashboardFolder: options.dashboardFolder,
    onPrune: options.onPrune,
    batchBlocksMax: options.batchBlocksMax ?? limits.BATCH_BLOCKS_MAX,
    bodiesBytesMax: options.bodiesBytesMax ?? limits.BODIES_BYTES_MAX,
    cacheBytesMax: options.cacheBytesMax ?? limits.CACHE_BYTES_MAX,
    connectionsMax: options.connectionsMax ?? limits.CONNECTIONS_MAX,
    eventStreamsMax: options.eventStreamsMax ?? limits.EVENT_STREAMS_MAX,
    readerProxies: proxyKeys(options.readerProxies ?? []),
    sessionsMax: options.sessionsMax ?? limits.SESSIONS_MAX,
    sessionMs: Math.min(options.sessionMs ?? limits.SESSION_MS, SESSION_MS_MAX),
    eventHeartbeatMs: options.eventHeartbeatMs ?? limits.EVENT_HEARTBEAT_MS,
    headersTimeoutMs: options.headersTimeoutMs ?? limits.HEADERS_TIMEOUT_MS,
    requestTimeoutMs: options.requestTimeoutMs ?? limits.REQUEST_TIMEOUT_MS,
    idleTimeoutMs: options.idleTimeoutMs ?? limits.IDLE_TIMEOUT_MS,
    keepAliveTimeoutMs: options.keepAliveTimeoutMs ?? limits.KEEP_ALIVE_TIMEOUT_MS,
    timeoutCheckMs: options.timeoutCheckMs ?? limits.TIMEOUT_CHECK_MS,
    rateLoopback: options.rateLoopback ?? limits.RATE_LOOPBACK,
    rateRemote: options.rateRemote ?? limits.RATE_REMOTE,
    addressesMax: options.addressesMax ?? limits.RATE_ADDRESSES_MAX,
  };
}
