import type { Ledger, PruneHolds } from '@basalt/ledger';
import type { Clock, CryptoProvider } from '@basalt/protocol';
import type { Health, Logger, MetricsRegistry } from '@basalt/telemetry';
import type { EventStreams } from './event-streams.ts';
import type { RouteExtension } from './extension.ts';
import type { Prepared } from './hot-path.ts';
import type { MemoryBudget } from './http/memory-budget.ts';
import type { ResponseCache } from './http/response-cache.ts';
import type { TokenBucket } from './http/token-bucket.ts';
import type { NamespaceLookup } from './namespace-lookup.ts';
import type { NamespaceSearch } from './namespace-search.ts';
import type { GatewaySettings, TransactionProofs } from './options.ts';
import type { Handshakes } from './session/handshakes.ts';

/** What every route may use. */
export interface Services {
  readonly ledger: Ledger;
  readonly crypto: CryptoProvider;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly settings: GatewaySettings;
  readonly transactionProofs: TransactionProofs | undefined;
  readonly health: (() => Health) | undefined;
  readonly pruneHolds: PruneHolds;
  readonly extensions: readonly RouteExtension[];
  readonly cache: ResponseCache<Prepared>;
  /** Bodies and large answers in memory, together. */
  readonly budget: MemoryBudget;
  readonly streams: EventStreams;
  readonly namespaces: NamespaceLookup;
  readonly namespaceSearch: NamespaceSearch;
  readonly handshakes: Handshakes;
  /** May strangers create namespaces, now that the address is known? */
  namespacesAreOpen(): boolean;
  /** Milliseconds since the Unix epoch at which the gateway was made. */
  readonly startedMs: number;
  isStopping(): boolean;
  /** The bucket of the address behind a socket. */
  bucketOf(socket: object): TokenBucket;
}
