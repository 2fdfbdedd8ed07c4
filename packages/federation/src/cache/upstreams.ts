import type { Clock } from '@basalt/protocol';
import { type Chooser, createThompson, type Uniform } from '@basalt/telemetry';
import { REQUESTS_PER_EXPLORATION, UPSTREAM_FAILED_SECONDS, UPSTREAM_PAUSE_MS } from './limits.ts';
import type { Field } from './stored.ts';

export interface UpstreamRequest {
  /** Address of the node, without a trailing slash. */
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly target: string;
  readonly fields: readonly Field[];
  readonly body?: Uint8Array;
  /** Longest body that is read; a longer one fails. */
  readonly bytesMax: number;
}

export interface UpstreamReply {
  readonly status: number;
  /** Names in lower case. */
  readonly fields: readonly Field[];
  /** As it was coded by the upstream: never decoded on the way. */
  readonly body: Uint8Array;
  /** From the question to the first byte of the answer; absent where nobody measures. */
  readonly firstByteSeconds?: number;
}

/** Why there is no reply; `code` goes into Cache-Status. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  /** `stream`: the upstream is well, the address is none for a cache. */
  readonly code: 'unreachable' | 'timeout' | 'oversize' | 'stream';

  constructor(code: UpstreamError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The way to an upstream. @throws UpstreamError only */
export type UpstreamTransport = (request: UpstreamRequest) => Promise<UpstreamReply>;

/** What is known of one upstream. */
export interface UpstreamEstimate {
  readonly url: string;
  /** Lately, failures included as if they took two seconds; undefined: never measured. */
  readonly firstByteSeconds: number | undefined;
  /** It failed lately and is asked last. */
  readonly isPaused: boolean;
}

/** What one upstream did when it was asked last; undefined: it was never asked. */
export interface UpstreamWord {
  readonly url: string;
  readonly answered: boolean | undefined;
}

interface Node {
  readonly url: string;
  pausedUntilMs: number;
  answered: boolean | undefined;
  heardMs: number;
}

/** What looks from before keep at each new one: a change is followed in some thirty answers. */
const DISCOUNT = 0.97;

/**
 * Several nodes that serve the same. Reads go where the first byte comes soonest, by discounted
 * Thompson sampling over those that did not fail lately: health comes before speed. What must not
 * go to changing nodes (writes, event streams) goes to the first that is configured.
 */
export class Upstreams {
  readonly #clock: Clock;
  readonly #nodes: readonly Node[];
  readonly #chooser: Chooser<void> | undefined;
  /** Orders since one that was not led by the best known. */
  #sinceExploration = 0;

  /** @param uniform for the choice; in the order of the configuration where absent */
  constructor(urls: readonly string[], clock: Clock, uniform?: Uniform) {
    this.#clock = clock;
    const unheard = { pausedUntilMs: -Infinity, answered: undefined, heardMs: -Infinity };
    this.#nodes = urls.map((url) => ({ url, ...unheard }));
    if (uniform === undefined || urls.length < 2) return;
    this.#chooser = createThompson({ arms: urls.length, uniform, discount: DISCOUNT });
  }

  /** As configured; those that failed lately last: when all did, somebody has to be asked. */
  configured(): string[] {
    const { ready, paused } = this.#byHealth();
    return [...ready, ...paused].map(({ url }) => url);
  }

  /** All of them, in which order a read asks them: the chosen one, the others by their speed. */
  order(): string[] {
    const { ready, paused } = this.#byHealth();
    if (this.#chooser === undefined) return this.configured();
    const estimates = this.#chooser.estimates();
    const secondsOf = (node: Node): number =>
      estimates[this.#nodes.indexOf(node)] ?? Number.POSITIVE_INFINITY;
    // Stable: those that were never measured stay in the order of the configuration.
    const sorted = ready.toSorted((a, b) => compareSeconds(secondsOf(a), secondsOf(b)));
    const first = this.#first(this.#chooser, sorted, estimates);
    const others = sorted.filter((node) => node !== first);
    return [...(first === undefined ? [] : [first]), ...others, ...paused].map(({ url }) => url);
  }

  /** All of them failed lately: whoever holds something may spare his readers the wait. */
  areAway(): boolean {
    const now = this.#clock.nowMs();
    return this.#nodes.every((node) => node.pausedUntilMs > now);
  }

  report(url: string, isGood: boolean): void {
    const node = this.#nodes.find((known) => known.url === url);
    if (node === undefined) return;
    node.heardMs = this.#clock.nowMs();
    node.answered = isGood;
    node.pausedUntilMs = isGood ? -Infinity : node.heardMs + UPSTREAM_PAUSE_MS;
    if (!isGood) this.#learn(url, UPSTREAM_FAILED_SECONDS);
  }

  /** How long the first byte of an answer took; what was not measured is left out. */
  measured(url: string, firstByteSeconds: number | undefined): void {
    if (firstByteSeconds !== undefined) this.#learn(url, firstByteSeconds);
  }

  /** An answer that did not hold: it has cost as much as none. It says nothing of the health. */
  refused(url: string): void {
    this.#learn(url, UPSTREAM_FAILED_SECONDS);
  }

  /** In the order of the configuration. */
  words(): UpstreamWord[] {
    return this.#nodes.map(({ url, answered }) => ({ url, answered }));
  }

  /** Those of whom nothing was heard since `ms`, good or bad. */
  silentSince(ms: number): string[] {
    return this.#nodes.filter((node) => node.heardMs < ms).map(({ url }) => url);
  }

  estimates(): UpstreamEstimate[] {
    const now = this.#clock.nowMs();
    const seconds = this.#chooser?.estimates() ?? [];
    return this.#nodes.map(({ url, pausedUntilMs }, i) => {
      return { url, firstByteSeconds: seconds[i], isPaused: pausedUntilMs > now };
    });
  }

  #learn(url: string, seconds: number): void {
    const arm = this.#nodes.findIndex((known) => known.url === url);
    if (arm >= 0) this.#chooser?.learn(undefined, arm, seconds);
  }

  /** @param sorted those that may be asked, best known first */
  #first(
    chooser: Chooser<void>,
    sorted: readonly Node[],
    estimates: readonly (number | undefined)[],
  ): Node | undefined {
    const chosen = chooser.choose(undefined, (arm) => sorted.includes(this.#nodes[arm] as Node));
    this.#sinceExploration++;
    if (chosen === undefined || this.#nodes[chosen] === sorted[0]) return sorted[0];
    const isNew = estimates[chosen] === undefined;
    if (!isNew && this.#sinceExploration < REQUESTS_PER_EXPLORATION) return sorted[0];
    this.#sinceExploration = 0;
    return this.#nodes[chosen];
  }

  #byHealth(): { readonly ready: Node[]; readonly paused: Node[] } {
    const now = this.#clock.nowMs();
    const paused = this.#nodes.filter((node) => node.pausedUntilMs > now);
    paused.sort((a, b) => a.pausedUntilMs - b.pausedUntilMs);
    return { ready: this.#nodes.filter((node) => node.pausedUntilMs <= now), paused };
  }
}

function compareSeconds(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
