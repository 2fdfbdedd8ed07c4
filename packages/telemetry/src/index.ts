/**
 * `@basalt/telemetry`: what a running node tells about itself. A metrics registry with the
 * Prometheus text format (version 0.0.4), and the `Logger` seam with a plain JSON-lines logger.
 * Floor 0: knows no other package, reads no clock, owns no timer, does no I/O.
 *
 * Invariants: metric names are `basalt_<thing>_<unit>[_total]` in base units; a label keeps a
 * bounded number of values, the rest is counted as `other`, so nobody outside can grow the memory;
 * text from outside cannot break a line of the exposition or of the log.
 *
 * @example
 * const metrics = createMetricsRegistry();
 * const requests = metrics.counter({
 *   name: 'basalt_http_requests_total',
 *   help: 'Requests answered.',
 *   labels: ['method'],
 * });
 * requests.add(1, { method: 'GET' });
 * metrics.expose(); // # HELP ... # TYPE ... basalt_http_requests_total{method="GET"} 1
 *
 * Limits: no exemplars, no summaries, no push; one process, one registry.
 */
export { type AimdInput, type AimdOptions, createAimd } from './control/aimd.ts';
export {
  type CacheSizeInput,
  type CacheSizeOptions,
  createCacheSize,
} from './control/cache-size.ts';
export type { Chooser, Uniform } from './control/chooser.ts';
export { createFeeRule, type FeeRuleInput, type FeeRuleOptions } from './control/fee-rule.ts';
export { createGradient, type GradientInput, type GradientOptions } from './control/gradient.ts';
export { type CurvePoint, HitCurve } from './control/hit-curve.ts';
export { createLinUcb, type LinUcbOptions } from './control/lin-ucb.ts';
export {
  type ControlPanel,
  type ControlPanelOptions,
  createControlPanel,
  type HoldAnswer,
  type Tunable,
  type TunableOptions,
} from './control/panel.ts';
export { createThompson, type ThompsonOptions } from './control/thompson.ts';
export {
  createThreshold,
  type ThresholdInput,
  type ThresholdOptions,
} from './control/threshold.ts';
export { createTwoLines, type TwoLinesInput, type TwoLinesOptions } from './control/two-lines.ts';
export type {
  Bounds,
  Controller,
  Decision,
  TunableChange,
  TunableState,
} from './control/types.ts';
export type { Counter, CounterSeries } from './counter.ts';
export { between, countOf, type Distribution, quantile } from './distribution.ts';
export { EXPOSITION_MEDIA_TYPE } from './exposition.ts';
export type { Gauge, GaugeSeries } from './gauge.ts';
export { type HeatEntry, HeatMap, type HeatMapOptions } from './heat/heat-map.ts';
export type { Histogram, HistogramSeries } from './histogram.ts';
export { LATENCY_BUCKETS_SECONDS, SIZE_BUCKETS_BYTES } from './histogram.ts';
export { LABEL_VALUES_MAX, SERIES_MAX } from './limits.ts';
export { LOG_LEVELS, type LogLevel, LogLevels } from './log-levels.ts';
export type { JsonLoggerOptions, LogFields, Logger } from './logger.ts';
export { createJsonLogger, noopLogger } from './logger.ts';
export type { HistogramOptions, MetricOptions, MetricsRegistry } from './registry.ts';
export { createMetricsRegistry, noopMetricsRegistry } from './registry.ts';
export type { Labels } from './series-table.ts';
export type {
  ExecutionStatus,
  FlowStatus,
  Health,
  HealthCheck,
  NetworkNode,
  NetworkStatus,
  NodeStatus,
  StatusSample,
  TopEntry,
} from './status/types.ts';
export {
  inSpan,
  parseTraceparent,
  type RunningSpan,
  type SpanFields,
  type SpanOptions,
  setTracing,
  spanHere,
  type TraceBeginning,
  traceId,
  traceparent,
} from './tracing.ts';
