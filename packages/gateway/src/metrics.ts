import {
  type Counter,
  type CounterSeries,
  type Histogram,
  type HistogramSeries,
  LATENCY_BUCKETS_SECONDS,
  type MetricsRegistry,
} from '@basalt/telemetry';

/** Routes as they are counted: a closed list, so that no path of a stranger becomes a label. */
export type RouteName = string;

const ROUTES_MAX = 64;

/** Kinds of answers that are found at once; routes, methods and statuses are closed lists. */
const ANSWERS_MAX = 1_024;

/** Methods that are counted by name. */
const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS'];

/** What one kind of answer is counted in. */
interface AnswerSeries {
  readonly count: CounterSeries;
  readonly seconds: HistogramSeries;
}

export interface GatewayMetrics {
  /** A request that took the long way. */
  answered(method: string, route: RouteName, status: number, seconds: number): void;
  /** Prepared answers of one route, as one counter that needs no look-up. */
  prepared(method: 'GET' | 'HEAD', route: RouteName, status: number): CounterSeries;
  readonly cacheHits: CounterSeries;
  readonly cacheMisses: CounterSeries;
  readonly limited: CounterSeries;
  readonly malformed: CounterSeries;
}

export interface GatewayGauges {
  readonly connections: () => number;
  readonly eventStreams: () => number;
  readonly cacheBytes: () => number;
  readonly bodyBytes: () => number;
}

export function createGatewayMetrics(
  registry: MetricsRegistry,
  gauges: GatewayGauges,
): GatewayMetrics {
  const requests: Counter = registry.counter({
    name: 'basalt_http_requests_total',
    help: 'Requests answered, by method, route and status.',
    labels: ['method', 'route', 'status'],
    labelValuesMax: ROUTES_MAX,
  });
  const seconds: Histogram = registry.histogram({
    name: 'basalt_http_request_duration_seconds',
    help: 'Time to the last byte; without event streams and answers from the prepared cache.',
    labels: ['route'],
    buckets: LATENCY_BUCKETS_SECONDS,
  });
  const cache = registry.counter({
    name: 'basalt_http_cache_lookups_total',
    help: 'Look-ups of immutable resources in the prepared cache.',
    labels: ['result'],
  });
  const refused = registry.counter({
    name: 'basalt_http_refused_requests_total',
    help: 'Requests refused before any route: rate limit, malformed HTTP.',
    labels: ['reason'],
  });
  const gauge = (name: string, help: string, read: () => number): void =>
    registry.gauge({ name, help }).collect(read);
  gauge('basalt_http_open_connections', 'Open connections.', gauges.connections);
  gauge('basalt_http_event_streams', 'Open event streams.', gauges.eventStreams);
  gauge('basalt_http_cache_bytes', 'Bytes of prepared answers.', gauges.cacheBytes);
  gauge('basalt_http_body_bytes', 'Bytes of bodies and large answers in memory.', gauges.bodyBytes);
  /** Series by what is answered: looking labels up costs more than counting. */
  const known = new Map<string, Map<string, AnswerSeries>>();
  let kinds = 0;
  return {
    answered(method, route, status, duration) {
      const name = METHODS.includes(method) ? method : 'other';
      const ofRoute = known.get(route);
      const key = status === 200 && name === 'GET' ? 'GET 200' : `${name} ${status}`;
      let series = ofRoute?.get(key);
      if (series === undefined) {
        const count = requests.with({ method: name, route, status: String(status) });
        series = { count, seconds: seconds.with({ route }) };
        if (kinds++ < ANSWERS_MAX) known.set(route, (ofRoute ?? new Map()).set(key, series));
      }
      series.count.add();
      // A stream lasts as long as its reader stays: that is no latency.
      if (!route.endsWith('/events')) series.seconds.observe(duration);
    },
    prepared: (method, route, status) => requests.with({ method, route, status: String(status) }),
    cacheHits: cache.with({ result: 'hit' }),
    cacheMisses: cache.with({ result: 'miss' }),
    limited: refused.with({ reason: 'rate' }),
    malformed: refused.with({ reason: 'malformed' }),
  };
}
