import type { Chain, ChainEvent, Pool } from '@basalt/execution';
import { limitExceeded, serverError } from '../errors.ts';
import { FILTER_PENDING_MAX, type RpcLimits } from '../limits.ts';
import { toHex } from '../params/hex.ts';
import type { LogFilterArgs } from '../params/log-filter.ts';
import type { Clock } from '../services.ts';
import { matchingLogs, mayMatch } from './match-logs.ts';

type Filter = {
  /** What came since the poller asked last; at most FILTER_PENDING_MAX, the oldest are lost. */
  pending: unknown[];
  usedMs: number;
} & (
  | { readonly kind: 'blocks' }
  | { readonly kind: 'transactions' }
  | { readonly kind: 'logs'; readonly criteria: LogFilterArgs }
);

export interface FilterStoreOptions {
  readonly chain: Chain;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly limits: RpcLimits;
  /** An identifier that nobody can guess: a stranger could take what a poller waits for. */
  readonly newId: () => string;
}

/** Filters of clients that poll (`eth_newFilter` and its like). */
export class FilterStore {
  readonly #options: FilterStoreOptions;
  /** The one that was quiet longest first; at most `limits.filters`. */
  readonly #filters = new Map<string, Filter>();
  readonly #unsubscribe: readonly (() => void)[];

  constructor(options: FilterStoreOptions) {
    this.#options = options;
    this.#unsubscribe = [
      options.chain.subscribe((event) => this.#onChain(event)),
      options.pool.subscribe(({ kind, transaction }) => {
        if (kind === 'added') this.#push('transactions', () => [toHex(transaction.hash)]);
      }),
    ];
  }

  get size(): number {
    return this.#filters.size;
  }

  addBlocks(): string {
    return this.#add({ kind: 'blocks', pending: [], usedMs: this.#options.clock.nowMs() });
  }

  addTransactions(): string {
    return this.#add({ kind: 'transactions', pending: [], usedMs: this.#options.clock.nowMs() });
  }

  addLogs(criteria: LogFilterArgs): string {
    const usedMs = this.#options.clock.nowMs();
    return this.#add({ kind: 'logs', criteria, pending: [], usedMs });
  }

  remove(id: string): boolean {
    return this.#filters.delete(id);
  }

  /** What came since the last time. @throws RpcError for a filter that is not there (any more) */
  changes(id: string): unknown[] {
    const filter = this.#use(id);
    const { pending } = filter;
    filter.pending = [];
    return pending;
  }

  /** @throws RpcError for a filter that is not there or is none for logs */
  criteria(id: string): LogFilterArgs {
    const filter = this.#use(id);
    if (filter.kind !== 'logs') throw serverError('filter not found');
    return filter.criteria;
  }

  close(): void {
    for (const each of this.#unsubscribe) each();
    this.#filters.clear();
  }

  #add(filter: Filter): string {
    this.#expire();
    if (this.#filters.size >= this.#options.limits.filters) {
      throw limitExceeded(`there are ${this.#filters.size} filters already`);
    }
    const id = this.#options.newId();
    this.#filters.set(id, filter);
    return id;
  }

  #use(id: string): Filter {
    this.#expire();
    const filter = this.#filters.get(id);
    if (filter === undefined) throw serverError('filter not found');
    filter.usedMs = this.#options.clock.nowMs();
    this.#filters.delete(id);
    this.#filters.set(id, filter);
    return filter;
  }

  #expire(): void {
    const { clock, limits } = this.#options;
    const oldestMs = clock.nowMs() - limits.filterIdleMs;
    for (const [id, { usedMs }] of this.#filters) {
      if (usedMs >= oldestMs) return;
      this.#filters.delete(id);
    }
  }

  #onChain({ block, kind, receipts, removed }: ChainEvent): void {
    if (this.#filters.size === 0) return;
    for (const filter of this.#filters.values()) {
      if (filter.kind === 'blocks' && kind === 'block') append(filter, [toHex(block.hash)]);
      if (filter.kind !== 'logs') continue;
      const { criteria } = filter;
      for (const each of removed) {
        append(filter, matchingLogs(each.block, each.receipts, criteria, true));
      }
      if (kind === 'block' && mayMatch(block.header.logsBloom, criteria)) {
        append(filter, matchingLogs(block, receipts, criteria));
      }
    }
  }

  #push(kind: Filter['kind'], make: () => unknown[]): void {
    for (const filter of this.#filters.values()) if (filter.kind === kind) append(filter, make());
  }
}

function append(filter: Filter, items: readonly unknown[]): void {
  for (const item of items) filter.pending.push(item);
  const excess = filter.pending.length - FILTER_PENDING_MAX;
  if (excess > 0) filter.pending.splice(0, excess);
}
