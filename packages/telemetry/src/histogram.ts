import { assert } from './assert.ts';
import type { Distribution } from './distribution.ts';
import { formatSample, formatValue } from './exposition.ts';
import type { Labels, SeriesTable, Where } from './series-table.ts';

/** Seconds from 0.25 ms to 10 s, about a factor of two apart: from a cache hit to a time-out. */
export const LATENCY_BUCKETS_SECONDS: readonly number[] = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Bytes from a header to a whole block of 16 MiB, a factor of four apart. */
export const SIZE_BUCKETS_BYTES: readonly number[] = [
  256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216,
];

export interface HistogramSeries {
  /** NaN lands in the +Inf bucket and makes the sum NaN, as Prometheus' own libraries do. */
  observe(value: number): void;
}

export interface Histogram {
  observe(value: number, labels?: Labels): void;
  with(labels: Labels): HistogramSeries;
}

export class HistogramCell implements HistogramSeries {
  readonly bounds: readonly number[];
  /** Not cumulative; the last one is above all bounds. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.bounds;
    let bucket = 0;
    // Small values are the common case, so a walk from below beats a binary search.
    while (bucket < bounds.length && !(value <= (bounds[bucket] as number))) bucket++;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sum += value;
  }
}

/** @throws TypeError unless the bounds are finite, at least one, and rise strictly */
export function assertBuckets(bounds: readonly number[]): void {
  assert(bounds.length > 0, 'expected at least one bucket bound');
  assert(
    bounds.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > (bounds[i - 1] ?? 0))),
    'expected finite bucket bounds that rise strictly; +Inf is added by itself',
  );
}

export class RegisteredHistogram implements Histogram {
  readonly #name: string;
  readonly #bounds: readonly number[];
  readonly #table: SeriesTable<HistogramCell>;

  constructor(name: string, bounds: readonly number[], table: SeriesTable<HistogramCell>) {
    this.#name = name;
    this.#bounds = bounds;
    this.#table = table;
  }

  distribution(where?: Where): Distribution {
    const counts = Array.from({ length: this.#bounds.length + 1 }, () => 0);
    let sum = 0;
    for (const series of this.#table.matching(where)) {
      for (const [i, count] of series.counts.entries()) counts[i] = (counts[i] ?? 0) + count;
      sum += series.sum;
    }
    return { bounds: this.#bounds, counts, sum };
  }

  observe(value: number, labels: Labels = {}): void {
    this.#table.get(labels).observe(value);
  }

  with(labels: Labels): HistogramSeries {
    return this.#table.get(labels);
  }

  expose(): string {
    const names = this.#table.labelNames;
    let text = '';
    for (const { values, series } of this.#table) {
      let cumulative = 0;
      for (const [i, count] of series.counts.entries()) {
        cumulative += count;
        const bound = formatValue(series.bounds[i] ?? Number.POSITIVE_INFINITY);
        const bucket = [...values, bound];
        text += formatSample(`${this.#name}_bucket`, [...names, 'le'], bucket, cumulative);
      }
      text += formatSample(`${this.#name}_sum`, names, values, series.sum);
      text += formatSample(`${this.#name}_count`, names, values, cumulative);
    }
    return text;
  }
}
