import type { Chain, ChainEvent, Pool, RecoveredTransaction } from '@basalt/execution';
import { limitExceeded } from '../errors.ts';
import type { RpcLimits } from '../limits.ts';
import { toHex } from '../params/hex.ts';
import type { LogCriteria } from '../params/log-filter.ts';
import { headerView } from '../views/block.ts';
import { logView } from '../views/receipt.ts';
import { transactionView } from '../views/transaction.ts';
import { type FoundLog, foundLogs, mayMatch } from './match-logs.ts';

/** A socket that can be told things it did not ask for. */
export interface Connection {
  /** @param result JSON text, so that it is written once for all subscribers */
  notify(subscription: string, result: string): void;
}

type Subscription = { readonly connection: Connection } & (
  | { readonly kind: 'newHeads' }
  | { readonly kind: 'logs'; readonly criteria: LogCriteria }
  | { readonly kind: 'newPendingTransactions'; readonly isFull: boolean }
  /** This chain never falls behind itself: there is nothing to tell. */
  | { readonly kind: 'syncing' }
);

type WithoutConnection<T> = T extends unknown ? Omit<T, 'connection'> : never;
export type Topic = WithoutConnection<Subscription>;

export interface SubscriptionsOptions {
  readonly chain: Chain;
  readonly pool: Pool;
  readonly limits: RpcLimits;
  readonly newId: () => string;
}

/** Who is told of new blocks, logs and transactions over its socket (`eth_subscribe`). */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  /** Bounded by `connections` times `subscriptionsPerConnection`. */
  readonly #byId = new Map<string, Subscription>();
  readonly #unsubscribe: readonly (() => void)[];

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
    this.#unsubscribe = [
      options.chain.subscribe((event) => this.#onChain(event)),
      options.pool.subscribe(({ kind, transaction }) => {
        if (kind === 'added') this.#onTransaction(transaction);
      }),
    ];
  }

  get size(): number {
    return this.#byId.size;
  }

  /** @throws RpcError when the connection has too many already */
  add(connection: Connection, topic: Topic): string {
    let count = 0;
    for (const each of this.#byId.values()) if (each.connection === connection) count++;
    const { subscriptionsPerConnection } = this.#options.limits;
    if (count >= subscriptionsPerConnection) {
      throw limitExceeded(`a connection has at most ${subscriptionsPerConnection} subscriptions`);
    }
    const id = this.#options.newId();
    this.#byId.set(id, { ...topic, connection });
    return id;
  }

  /** False: the connection has no such subscription. */
  remove(connection: Connection, id: string): boolean {
    if (this.#byId.get(id)?.connection !== connection) return false;
    return this.#byId.delete(id);
  }

  /** The connection is gone. */
  drop(connection: Connection): void {
    for (const [id, each] of this.#byId) {
      if (each.connection === connection) this.#byId.delete(id);
    }
  }

  close(): void {
    for (const each of this.#unsubscribe) each();
    this.#byId.clear();
  }

  #onChain({ block, kind, receipts, removed }: ChainEvent): void {
    if (this.#byId.size === 0) return;
    const text = logTexts();
    const head = kind === 'block' ? JSON.stringify(headerView(block.header, block.hash)) : '';
    for (const [id, each] of this.#byId) {
      if (each.kind === 'newHeads' && kind === 'block') each.connection.notify(id, head);
      if (each.kind !== 'logs') continue;
      const { connection, criteria } = each;
      const gone = removed.flatMap((old) => foundLogs(old.block, old.receipts, criteria, true));
      const isWanted = kind === 'block' && mayMatch(block.header.logsBloom, criteria);
      const logs = isWanted ? foundLogs(block, receipts, criteria) : [];
      for (const log of [...gone, ...logs]) connection.notify(id, text(log));
    }
  }

  #onTransaction(transaction: RecoveredTransaction): void {
    if (this.#byId.size === 0) return;
    const hash = JSON.stringify(toHex(transaction.hash));
    let full: string | undefined;
    for (const [id, each] of this.#byId) {
      if (each.kind !== 'newPendingTransactions') continue;
      if (each.isFull) full ??= JSON.stringify(transactionView(transaction, undefined));
      each.connection.notify(id, each.isFull ? (full ?? hash) : hash);
    }
  }
}

/** The text of each log of an event, written once for all who want it. */
function logTexts(): (found: FoundLog) => string {
  const texts = new Map<FoundLog['log'], string>();
  return ({ log, place }) => {
    const known = texts.get(log);
    if (known !== undefined) return known;
    const text = JSON.stringify(logView(log, place));
    texts.set(log, text);
    return text;
  };
}
