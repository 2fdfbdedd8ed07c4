import {
  between,
  type Distribution,
  type MetricsRegistry,
  quantile,
  type StatusSample,
} from '@basalt/telemetry';
import type { Peak } from './peak.ts';

/** What the process tells about itself, read at each sample. */
export interface ProcessReading {
  /** Seconds, user and system, all threads, since the start. */
  readonly cpuSeconds: number;
  /** Resident. */
  readonly memoryBytes: number;
}

export interface SamplerParts {
  readonly metrics: MetricsRegistry;
  readonly clock: { nowMs(): number };
  /** Milliseconds since any moment, that only go on: the clock may be set back or forward. */
  readonly elapsedMs: () => number;
  readonly readProcess: () => ProcessReading;
  /** Blocks that wait to be committed. */
  readonly queue: Peak;
}

/** Ten minutes of seconds: what a page shows when it is opened. */
export const SAMPLES_KEPT = 600;

const COUNTERS = {
  blocksPerSecond: 'basalt_blocks_accepted_total',
  requestsPerSecond: 'basalt_http_requests_total',
  transactionsPerSecond: 'basalt_chain_transactions_total',
} as const;

const DISTRIBUTIONS = {
  request: 'basalt_http_request_duration_seconds',
  finality: 'basalt_block_finality_duration_seconds',
  loop: 'basalt_event_loop_delay_seconds',
} as const;

interface Moment {
  readonly atMs: number;
  readonly elapsedMs: number;
  readonly cpuSeconds: number;
  readonly sums: Readonly<Record<keyof typeof COUNTERS, number>>;
  readonly distributions: Readonly<Record<keyof typeof DISTRIBUTIONS, Distribution | undefined>>;
}

/** Rates and quantiles between one look and the next, from counters that only grow. */
export class Sampler {
  readonly #parts: SamplerParts;
  #before: Moment;
  /** Oldest first; bounded by SAMPLES_KEPT. */
  readonly #samples: StatusSample[] = [];

  constructor(parts: SamplerParts) {
    this.#parts = parts;
    this.#before = this.#look(parts.readProcess());
  }

  take(): StatusSample {
    const reading = this.#parts.readProcess();
    const now = this.#look(reading);
    const before = this.#before;
    this.#before = now;
    // Two looks within a moment make no rate.
    const seconds = Math.max(0.001, (now.elapsedMs - before.elapsedMs) / 1_000);
    const rate = (name: keyof typeof COUNTERS): number =>
      Math.max(0, now.sums[name] - before.sums[name]) / seconds;
    const part = (name: keyof typeof DISTRIBUTIONS, of: number): number | null => {
      const later = now.distributions[name];
      if (later === undefined) return null;
      return quantile(between(before.distributions[name], later), of) ?? null;
    };
    const sample: StatusSample = {
      atMs: now.atMs,
      blocksPerSecond: rate('blocksPerSecond'),
      requestsPerSecond: rate('requestsPerSecond'),
      transactionsPerSecond: rate('transactionsPerSecond'),
      finalityP50Seconds: part('finality', 0.5),
      finalityP99Seconds: part('finality', 0.99),
      requestP50Seconds: part('request', 0.5),
      requestP99Seconds: part('request', 0.99),
      eventLoopDelaySeconds: part('loop', 0.99) ?? 0,
      cpuCores: Math.max(0, now.cpuSeconds - before.cpuSeconds) / seconds,
      memoryBytes: reading.memoryBytes,
      queueBlocks: this.#parts.queue.take(),
    };
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES_KEPT) this.#samples.shift();
    return sample;
  }

  /** Oldest first. */
  get history(): readonly StatusSample[] {
    return this.#samples;
  }

  /** The newest one; takes one where there is none. */
  get newest(): StatusSample {
    return this.#samples.at(-1) ?? this.take();
  }

  #look({ cpuSeconds }: ProcessReading): Moment {
    const { metrics, clock, elapsedMs } = this.#parts;
    const sum = (name: keyof typeof COUNTERS): number => metrics.sum(COUNTERS[name]) ?? 0;
    return {
      atMs: clock.nowMs(),
      elapsedMs: elapsedMs(),
      cpuSeconds,
      sums: {
        blocksPerSecond: sum('blocksPerSecond'),
        requestsPerSecond: sum('requestsPerSecond'),
        transactionsPerSecond: sum('transactionsPerSecond'),
      },
      distributions: {
        request: metrics.distribution(DISTRIBUTIONS.request),
        finality: metrics.distribution(DISTRIBUTIONS.finality),
        loop: metrics.distribution(DISTRIBUTIONS.loop),
      },
    };
  }
}
