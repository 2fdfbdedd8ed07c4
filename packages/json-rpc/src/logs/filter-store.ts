import type { Chain, ChainEvent, Pool } from '@basalt/execution';
import { limitExceeded, serverError } from '../errors.ts';
import { FILTER_PENDING_BYTES_MAX, FILTER_PENDING_MAX, type RpcLimits } from '../limits.ts';
import { toHex } from '../params/hex.ts';
import type { LogFilterArgs } from '../params/log-filter.ts';
import type { Clock } from '../services.ts';
import { logView } from '../views/receipt.ts';
import { type FoundLog, foundLogs, mayMatch } from './match-logs.ts';

/** A hash, or a log that all filters share until one of them shows it. */
type Pending = string | FoundLog;

type Filter = {
  /** What came since the poller asked last, within bounds; the oldest are lost. */
  pending: Pending[];
  /** Data of the logs among them. */
  bytes: number;
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
    return this.#add({ kind: 'blocks', ...this.#fresh() });
  }

  addTransactions(): string {
    return this.#add({ kind: 'transactions', ...this.#fresh() });
  }

  addLogs(criteria: LogFilterArgs): string {
    return this.#add({ kind: 'logs', criteria, ...this.#fresh() });
  }

  remove(id: string): boolean {
    return this.#filters.delete(id);
  }

  /** What came since the last time. @throws RpcError for a filter that is not there (any more) */
  changes(id: string): unknown[] {
    const filter = this.#use(id);
    const { pending } = filter;
    filter.pending = [];
    filter.bytes = 0;
    return pending.map((each) => (typeof each === 'string' ? each : logView(each.log, each.place)));
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

  #fresh(): { pending: Pending[]; bytes: number; usedMs: number } {
    return { pending: [], bytes: 0, usedMs: this.#options.clock.nowMs() };
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
    // Whoever went away without a word holds logs until somebody looks.
    this.#expire();
    for (const filter of this.#filters.values()) {
      if (filter.kind === 'blocks' && kind === 'block') append(filter, [toHex(block.hash)]);
      if (filter.kind !== 'logs') continue;
      const { criteria } = filter;
      for (const each of removed) {
        append(filter, foundLogs(each.block, each.receipts, criteria, true));
      }
      if (kind === 'block' && mayMatch(block.header.logsBloom, criteria)) {
        append(filter, foundLogs(block, receipts, criteria));
      }
    }
  }

  #push(kind: Filter['kind'], make: () => Pending[]): void {
    for (const filter of this.#filters.values()) if (filter.kind === kind) append(filter, make());
  }
}

function append(filter: Filter, items: readonly Pending[]): void {
  const { pending } = filter;
  for (const item of items) {
    pending.push(item);
    filter.bytes += bytesOf(item);
  }
  let excess = Math.max(0, pending.length - FILTER_PENDING_MAX);
  for (const lost of pending.slice(0, excess)) filter.bytes -= bytesOf(lost);
  while (filter.bytes > FILTER_PENDING_BYTES_MAX && excess < pending.length) {
    filter.bytes -= bytesOf(pending[excess++] ?? '');
  }
  if (excess > 0) pending.splice(0, excess);
}

function bytesOf(item: Pending): number {
  return typeof item === 'string' ? 0 : item.log.data.length;
}
