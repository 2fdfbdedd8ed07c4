import { assert } from './assert.ts';
import { type Counter, CounterCell, RegisteredCounter } from './counter.ts';
import type { Distribution } from './distribution.ts';
import { formatHeading } from './exposition.ts';
import { type Gauge, GaugeCell, RegisteredGauge } from './gauge.ts';
import { assertBuckets, type Histogram, HistogramCell, RegisteredHistogram } from './histogram.ts';
import { LABEL_VALUES_MAX, METRICS_MAX, SERIES_MAX } from './limits.ts';
import { assertMetricName, type MetricType } from './metric-name.ts';
import { SeriesTable, type Where } from './series-table.ts';

export interface MetricOptions {
  /** `basalt_<thing>_<unit>`, counters with `_total` behind it. */
  readonly name: string;
  /** One sentence for people. */
  readonly help: string;
  readonly labels?: readonly string[];
  /** Distinct values kept per label, further ones are `other`; default {@link LABEL_VALUES_MAX}. */
  readonly labelValuesMax?: number;
}

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds, rising; `+Inf` is added. */
  readonly buckets: readonly number[];
}

export interface MetricsRegistry {
  /** @throws TypeError on a name that is taken or not in form */
  counter(options: MetricOptions): Counter;
  gauge(options: MetricOptions): Gauge;
  histogram(options: HistogramOptions): Histogram;
  /** All metrics in the Prometheus text format, in order of registration. */
  expose(): string;
  /** Sum over series of a counter or gauge; undefined where there is no such metric. */
  sum(name: string, where?: Where): number | undefined;
  /** Series of a histogram together; undefined where there is no such histogram. */
  distribution(name: string, where?: Where): Distribution | undefined;
}

interface Registered {
  expose(): string;
  sum?(where?: Where): number;
  distribution?(where?: Where): Distribution;
}

/** A registry of its own; nothing is global. */
export function createMetricsRegistry(): MetricsRegistry {
  /** Bounded by METRICS_MAX. */
  const metrics = new Map<string, { readonly heading: string; readonly metric: Registered }>();

  function register<Metric extends Registered>(
    type: MetricType,
    options: MetricOptions,
    metric: Metric,
  ): Metric {
    assertMetricName(options.name, type);
    assert(!metrics.has(options.name), `the metric ${options.name} is registered already`);
    assert(metrics.size < METRICS_MAX, `expected at most ${METRICS_MAX} metrics`);
    assert(options.help.trim() !== '', `expected a help text for ${options.name}`);
    const heading = formatHeading(options.name, type, options.help);
    metrics.set(options.name, { heading, metric });
    return metric;
  }

  return {
    counter: (options) =>
      register(
        'counter',
        options,
        new RegisteredCounter(
          options.name,
          table(options, () => new CounterCell()),
        ),
      ),
    gauge: (options) =>
      register(
        'gauge',
        options,
        new RegisteredGauge(
          options.name,
          table(options, () => new GaugeCell()),
        ),
      ),
    histogram: (options) => {
      assertBuckets(options.buckets);
      const cells = table(options, () => new HistogramCell(options.buckets));
      const { name, buckets } = options;
      return register('histogram', options, new RegisteredHistogram(name, buckets, cells));
    },
    expose: () => {
      let text = '';
      for (const { heading, metric } of metrics.values()) text += heading + metric.expose();
      return text;
    },
    sum: (name, where) => metrics.get(name)?.metric.sum?.(where),
    distribution: (name, where) => metrics.get(name)?.metric.distribution?.(where),
  };
}

function table<Cell>(options: MetricOptions, create: () => Cell): SeriesTable<Cell> {
  return new SeriesTable({
    labelNames: options.labels ?? [],
    labelValuesMax: options.labelValuesMax ?? LABEL_VALUES_MAX,
    seriesMax: SERIES_MAX,
    create,
  });
}

const noopSeries = { add: () => {}, set: () => {}, observe: () => {} };
const noopMetric = { ...noopSeries, with: () => noopSeries, collect: () => {}, remove: () => {} };

/** Takes everything and keeps nothing; names are not checked. */
export const noopMetricsRegistry: MetricsRegistry = {
  counter: () => noopMetric,
  gauge: () => noopMetric,
  histogram: () => noopMetric,
  expose: () => '',
  sum: () => undefined,
  distribution: () => undefined,
};
