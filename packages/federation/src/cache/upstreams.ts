import type { Clock } from '@basalt/protocol';
import { UPSTREAM_PAUSE_MS } from './limits.ts';
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
}

/** Why there is no reply; `code` goes into Cache-Status. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly code: 'unreachable' | 'timeout' | 'oversize';

  constructor(code: UpstreamError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The way to an upstream. @throws UpstreamError only */
export type UpstreamTransport = (request: UpstreamRequest) => Promise<UpstreamReply>;

/** Several nodes that serve the same: the first is asked unless it failed lately. */
export class Upstreams {
  readonly #clock: Clock;
  readonly #nodes: { readonly url: string; pausedUntilMs: number }[];

  constructor(urls: readonly string[], clock: Clock) {
    this.#clock = clock;
    this.#nodes = urls.map((url) => ({ url, pausedUntilMs: -Infinity }));
  }

  /** All of them, those that failed lately last: when all did, somebody has to be asked. */
  order(): string[] {
    const now = this.#clock.nowMs();
    const ready = this.#nodes.filter((node) => node.pausedUntilMs <= now);
    const paused = this.#nodes.filter((node) => node.pausedUntilMs > now);
    paused.sort((a, b) => a.pausedUntilMs - b.pausedUntilMs);
    return [...ready, ...paused].map(({ url }) => url);
  }

  /** All of them failed lately: whoever holds something may spare his readers the wait. */
  areAway(): boolean {
    const now = this.#clock.nowMs();
    return this.#nodes.every((node) => node.pausedUntilMs > now);
  }

  report(url: string, isGood: boolean): void {
    const node = this.#nodes.find((known) => known.url === url);
    if (node !== undefined) {
      node.pausedUntilMs = isGood ? -Infinity : this.#clock.nowMs() + UPSTREAM_PAUSE_MS;
    }
  }
}
