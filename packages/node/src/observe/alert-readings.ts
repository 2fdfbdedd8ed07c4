import {
  between,
  countOf,
  type Distribution,
  type Health,
  type MetricsRegistry,
  quantile,
} from '@basalt/telemetry';

/** Between two readings that are kept; a window is longer than asked for by so much at most. */
const KEEP_EVERY_MS = 30_000;
/** One hour, the longest window of a rule. */
const READINGS_KEPT = 121;
const MINUTE_MS = 60_000;

/** Probes are no requests: a node that is not ready answers them with 503 by design. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/healthz', '/metrics']);
/** Why a block ran in sequence where nobody expected anything else. */
const EXPECTED_FALLBACKS: ReadonlySet<string> = new Set(['short-block', 'one-worker', 'by-hand']);

/** What grows, at one moment. */
interface Reading {
  readonly elapsedMs: number;
  readonly requests: number;
  readonly errors: number;
  readonly refusals: number;
  readonly checkpointFailures: number;
  readonly fallbacks: number;
  readonly executed: Distribution | undefined;
  readonly chainHead: number | undefined;
  readonly finality: Distribution | undefined;
  readonly requestSeconds: Distribution | undefined;
  /** By name of the tunable. */
  readonly reversals: ReadonlyMap<string, number>;
}

/** What one look has to go on. */
export interface AlertLook {
  readonly health: Health;
  /** Undefined where the disk does not answer. */
  readonly diskFreeBytes: number | undefined;
  readonly tunables: readonly { readonly name: string; readonly reversalCount: number }[];
  /** Milliseconds since any moment, that only go on. */
  readonly elapsedMs: number;
}

/** A node's own metrics as windows: what Prometheus would make of the last minutes of it. */
export class AlertReadings {
  readonly #metrics: MetricsRegistry;
  /** Oldest first; bounded by READINGS_KEPT. */
  readonly #kept: Reading[] = [];
  #look: AlertLook | undefined;
  #now: Reading | undefined;

  constructor(metrics: MetricsRegistry) {
    this.#metrics = metrics;
  }

  take(look: AlertLook): void {
    const now = this.#read(look);
    this.#look = look;
    this.#now = now;
    const newest = this.#kept.at(-1);
    if (newest !== undefined && now.elapsedMs - newest.elapsedMs < KEEP_EVERY_MS) return;
    this.#kept.push(now);
    if (this.#kept.length > READINGS_KEPT) this.#kept.shift();
  }

  get diskFreeBytes(): number | undefined {
    return this.#look?.diskFreeBytes;
  }

  get checks(): Health['checks'] {
    return this.#look?.health.checks ?? [];
  }

  /** Of a gauge, as it is now; undefined where this node has no such thing. */
  gauge(name: string, label?: readonly [string, string]): number | undefined {
    if (label === undefined) return this.#metrics.sum(name);
    const [key, value] = label;
    return this.#metrics.sum(name, (labels) => labels[key] === value);
  }

  /** How much a counter has grown within so many minutes, or since the start. */
  growth(
    what: 'errors' | 'refusals' | 'checkpointFailures' | 'fallbacks',
    minutes: number,
  ): number {
    const [before, now] = this.#window(minutes);
    return now === undefined || before === undefined ? 0 : now[what] - before[what];
  }

  /** Requests within so many minutes: a second, and the part that failed. */
  requests(minutes: number): { readonly perSecond: number; readonly errorPart: number } {
    const [before, now] = this.#window(minutes);
    if (now === undefined || before === undefined) return { perSecond: 0, errorPart: 0 };
    const seconds = (now.elapsedMs - before.elapsedMs) / 1_000;
    const count = now.requests - before.requests;
    const errors = now.errors - before.errors;
    return {
      perSecond: seconds > 0 ? count / seconds : 0,
      errorPart: count > 0 ? errors / count : 0,
    };
  }

  /** Blocks of the chain that were executed within so many minutes. */
  executed(minutes: number): number {
    const [before, now] = this.#window(minutes);
    return now?.executed === undefined ? 0 : countOf(between(before?.executed, now.executed));
  }

  /** 99 of 100 took no longer; undefined where there was none. */
  p99(what: 'finality' | 'requestSeconds', minutes: number): number | undefined {
    const [before, now] = this.#window(minutes);
    const later = now?.[what];
    return later === undefined ? undefined : quantile(between(before?.[what], later), 0.99);
  }

  /** Whether the chain's newest block is the one of so many minutes ago. */
  chainStands(minutes: number): boolean {
    const [before, now] = this.#window(minutes);
    return now?.chainHead !== undefined && now.chainHead === before?.chainHead;
  }

  /** Tunables whose controller turned round more often than this. */
  restless(times: number, minutes: number): string[] {
    const [before, now] = this.#window(minutes);
    return [...(now?.reversals ?? [])]
      .filter(([name, count]) => count - (before?.reversals.get(name) ?? 0) > times)
      .map(([name]) => name);
  }

  /** The last reading before so many minutes, or the oldest; and the present one. */
  #window(minutes: number): [Reading | undefined, Reading | undefined] {
    const now = this.#now;
    if (now === undefined) return [undefined, undefined];
    const fromMs = now.elapsedMs - minutes * MINUTE_MS;
    return [this.#kept.findLast(({ elapsedMs }) => elapsedMs <= fromMs) ?? this.#kept[0], now];
  }

  #read({ elapsedMs, tunables }: AlertLook): Reading {
    const metrics = this.#metrics;
    const http = (where: (labels: Readonly<Record<string, string>>) => boolean): number =>
      metrics.sum('basalt_http_requests_total', where) ?? 0;
    const isRequest = (route = ''): boolean => !PROBES.has(route);
    return {
      elapsedMs,
      requests: http(({ route }) => isRequest(route)),
      errors: http(({ route, status = '' }) => isRequest(route) && status.startsWith('5')),
      refusals: http(({ method, status }) => method === 'POST' && status === '503'),
      checkpointFailures: metrics.sum('basalt_checkpoint_failures_total') ?? 0,
      fallbacks:
        metrics.sum(
          'basalt_execution_fallbacks_total',
          ({ reason = '' }) => !EXPECTED_FALLBACKS.has(reason),
        ) ?? 0,
      executed: metrics.distribution('basalt_execution_block_duration_seconds'),
      chainHead: metrics.sum('basalt_chain_head'),
      finality: metrics.distribution('basalt_block_finality_duration_seconds'),
      // Streams of events are long by design.
      requestSeconds: metrics.distribution(
        'basalt_http_request_duration_seconds',
        ({ route = '' }) => !route.endsWith('/events'),
      ),
      reversals: new Map(tunables.map(({ name, reversalCount }) => [name, reversalCount])),
    };
  }
}
