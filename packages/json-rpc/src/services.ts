import type { Chain, Devnet, Pool } from '@basalt/execution';
import type { Logger } from '@basalt/telemetry';
import type { Engines } from './engine/engines.ts';
import type { RpcLimits } from './limits.ts';
import type { BloomCache } from './logs/bloom-cache.ts';
import type { FilterStore } from './logs/filter-store.ts';
import type { Subscriptions } from './logs/subscriptions.ts';

/** Milliseconds since the Unix epoch. */
export interface Clock {
  nowMs(): number;
}

/** Shows that a transaction stands in the ledger; made by whoever runs the ledger. */
export interface TransactionProofs {
  /**
   * What `basalt_getTransactionProof` answers, ready for JSON; undefined for a transaction that no
   * block has.
   */
  prove(transactionHash: Uint8Array): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/** What methods work with. */
export interface Services {
  readonly chain: Chain;
  readonly pool: Pool;
  readonly devnet: Devnet | undefined;
  readonly proofs: TransactionProofs | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: RpcLimits;
  readonly clientVersion: string;
  readonly engines: Engines;
  readonly blooms: BloomCache;
  readonly filters: FilterStore;
  readonly subscriptions: Subscriptions;
}
