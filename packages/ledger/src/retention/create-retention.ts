import type { Clock, NamespaceId, Scheduler } from '@basalt/protocol';
import type { LogStore } from '@basalt/store';
import { findConfirmedSize, readBlockFacts, readChainFacts } from './chain-facts.ts';
import type { ChainFacts } from './decide.ts';
import { forecastGrowth, type GrowthForecast } from './forecast.ts';
import {
  DAY_MS,
  INTERVAL_MS_DEFAULT,
  PAGE_BLOCKS,
  SAMPLE_BLOCKS_MAX,
  SAMPLE_DAYS,
} from './limits.ts';
import { type IsArchived, planRetention } from './plan.ts';
import type { RetentionPolicy } from './policy.ts';

export interface RetentionComponents {
  readonly store: LogStore;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /**
   * Where given, nothing goes that it does not name: the hand-over to an archive comes first. Where
   * absent, payloads go without one.
   */
  readonly isArchived?: IsArchived;
  /** After payloads of a namespace went: prepared answers about them must be forgotten. */
  readonly onPruned?: (namespace: NamespaceId, payloads: number) => void;
  /** A pass failed; the next one comes all the same. */
  readonly onProblem?: (error: unknown) => void;
}

export interface RetentionConfig {
  readonly policy: RetentionPolicy;
  /**
   * Ids or labels of namespaces whose payloads stay: a chain's blocks, which are replayed from
   * them.
   */
  readonly untouched?: readonly string[];
  /** Time between two passes; default one hour. */
  readonly intervalMs?: number;
}

/** What one pass did to a namespace, or would do. */
export interface RetentionResult {
  readonly namespace: NamespaceId;
  readonly label: string;
  readonly payloads: number;
  /** Before compression. */
  readonly bytes: number;
  /** Payloads that stay only because no archive holds them yet, counted as in a plan. */
  readonly waiting: number;
}

/** What a namespace holds and how it grows. */
export interface RetentionAccount {
  readonly namespace: NamespaceId;
  readonly label: string;
  readonly blocks: number;
  readonly entryBytes: number;
  /** Payloads that are here. */
  readonly payloads: number;
  readonly payloadBytes: number;
  /** Payload bytes that are not here: pruned, dropped, or never fetched. */
  readonly goneBytes: number;
  readonly forecast: GrowthForecast;
}

export interface Retention {
  /** One pass over all namespaces, now. */
  run(): Promise<RetentionResult[]>;
  /** What a pass would do. Changes nothing. */
  preview(): Promise<RetentionResult[]>;
  /** Reads every entry's header: for people and reports, not for each request. */
  account(): Promise<RetentionAccount[]>;
  /** Passes on a schedule, the first one at once. */
  start(): void;
  /** Resolves when the pass that runs has ended. */
  stop(): Promise<void>;
}

/** Applies a policy to the payloads of a store. */
export function createRetention(
  components: RetentionComponents,
  config: RetentionConfig,
): Retention {
  return new ScheduledRetention(components, config);
}

type Chain = ChainFacts & {
  readonly namespace: NamespaceId;
  readonly payloadsFrom: number;
  readonly beginsAt: number;
};

class ScheduledRetention implements Retention {
  readonly #components: RetentionComponents;
  readonly #config: RetentionConfig;
  #cancel: (() => void) | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #isStarted = false;

  constructor(components: RetentionComponents, config: RetentionConfig) {
    this.#components = components;
    this.#config = config;
  }

  run(): Promise<RetentionResult[]> {
    return this.#pass(true);
  }

  preview(): Promise<RetentionResult[]> {
    return this.#pass(false);
  }

  async account(): Promise<RetentionAccount[]> {
    const accounts: RetentionAccount[] = [];
    for await (const chain of this.#chains(true)) accounts.push(await this.#account(chain));
    return accounts;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#tick();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#cancel?.();
    await this.#running;
  }

  #tick(): void {
    this.#running = this.run()
      .catch((error: unknown) => this.#components.onProblem?.(error))
      .then(() => {
        if (!this.#isStarted) return;
        const intervalMs = this.#config.intervalMs ?? INTERVAL_MS_DEFAULT;
        this.#cancel = this.#components.scheduler.after(intervalMs, () => this.#tick());
      });
  }

  async #pass(deletes: boolean): Promise<RetentionResult[]> {
    const results: RetentionResult[] = [];
    if (this.#config.policy.mode === 'none') return results;
    for await (const chain of this.#chains(false)) {
      const result = await this.#apply(chain, deletes);
      if (result.payloads + result.waiting > 0) results.push(result);
      if (deletes && result.payloads > 0) {
        this.#components.onPruned?.(chain.namespace, result.payloads);
      }
    }
    return results;
  }

  async #apply(chain: Chain, deletes: boolean): Promise<RetentionResult> {
    const { store, isArchived } = this.#components;
    const { namespace, label } = chain;
    let [payloads, bytes, waiting] = [0, 0, 0];
    let from: number | undefined = chain.payloadsFrom;
    while (from !== undefined) {
      const rest = isArchived === undefined ? { from } : { from, isArchived };
      const plan = await planRetention(store, this.#config.policy, chain, rest);
      if (deletes && plan.before > 0) await store.prunePayloads(namespace, plan.before);
      if (deletes && plan.indexes.length > 0) await store.dropPayloads(namespace, plan.indexes);
      payloads += plan.payloads;
      bytes += plan.bytes;
      waiting += plan.waiting;
      from = plan.next;
    }
    return { namespace, label, payloads, bytes, waiting };
  }

  async *#chains(withUntouched: boolean): AsyncGenerator<Chain> {
    const { store, clock } = this.#components;
    const { policy, untouched = [] } = this.#config;
    for await (const head of store.namespaces()) {
      const { namespace, payloadsFrom, size } = head;
      const beginsAt = head.begin?.index ?? 0;
      const facts = await readChainFacts(store, head, clock.nowMs());
      if (facts === undefined) continue;
      const isUntouched = untouched.includes(namespace) || untouched.includes(facts.label);
      if (isUntouched && !withUntouched) continue;
      const confirmedSize =
        policy.mode === 'after-checkpoint'
          ? await findConfirmedSize(store, namespace, size, payloadsFrom)
          : 0;
      yield { ...facts, namespace, confirmedSize, payloadsFrom, beginsAt };
    }
  }

  async #account(chain: Chain): Promise<RetentionAccount> {
    const { store } = this.#components;
    const { namespace, label, size, nowMs, beginsAt } = chain;
    const sampleFrom = Math.max(beginsAt, size - SAMPLE_BLOCKS_MAX);
    const sinceMs = nowMs - SAMPLE_DAYS * DAY_MS;
    const sample: Awaited<ReturnType<typeof readBlockFacts>> = [];
    let [entryBytes, payloads, payloadBytes, goneBytes] = [0, 0, 0, 0];
    for (let at = beginsAt; at < size; at += PAGE_BLOCKS) {
      const page = await readBlockFacts(store, namespace, at, PAGE_BLOCKS);
      const held = await store.heldPayloads(namespace, at, page.length);
      for (const [i, block] of page.entries()) {
        entryBytes += block.entryBytes;
        if (held[i] === true) {
          payloads++;
          payloadBytes += block.payloadLength;
        } else goneBytes += block.payloadLength;
        if (block.index >= sampleFrom && block.timestampMs >= sinceMs) sample.push(block);
      }
    }
    // A sample that was cut, or a young namespace, stands for less than the whole time.
    const firstMs = sample[0]?.timestampMs ?? nowMs;
    const isCut = sample[0]?.index === sampleFrom;
    const spanMs = Math.max(DAY_MS / 24, isCut ? nowMs - firstMs : SAMPLE_DAYS * DAY_MS);
    const forecast = forecastGrowth(this.#config.policy, chain, sample, spanMs);
    const sizes = { entryBytes, payloads, payloadBytes, goneBytes };
    return { namespace, label, blocks: size, ...sizes, forecast };
  }
}
