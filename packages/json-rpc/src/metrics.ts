import { LATENCY_BUCKETS_SECONDS, type MetricsRegistry } from '@basalt/telemetry';

export interface RpcMetrics {
  /** @param code undefined where there was a result */
  answered(method: string, code: number | undefined, seconds: number): void;
  refused(reason: 'rate' | 'busy' | 'host' | 'origin' | 'malformed' | 'slow-reader'): void;
}

export interface RpcGauges {
  readonly connections: () => number;
  readonly inFlight: () => number;
  readonly filters: () => number;
  readonly subscriptions: () => number;
}

/** Methods are a closed list, so that no name of a stranger becomes a label. */
const METHODS_MAX = 256;

export function createRpcMetrics(registry: MetricsRegistry, gauges: RpcGauges): RpcMetrics {
  const requests = registry.counter({
    name: 'basalt_rpc_requests_total',
    help: 'JSON-RPC requests answered, by method.',
    labels: ['method'],
    labelValuesMax: METHODS_MAX,
  });
  const errors = registry.counter({
    name: 'basalt_rpc_errors_total',
    help: 'JSON-RPC requests answered with an error, by its code.',
    labels: ['code'],
  });
  const seconds = registry.histogram({
    name: 'basalt_rpc_request_duration_seconds',
    help: 'Time that a JSON-RPC request took, by method.',
    labels: ['method'],
    labelValuesMax: METHODS_MAX,
    buckets: LATENCY_BUCKETS_SECONDS,
  });
  const refused = registry.counter({
    name: 'basalt_rpc_refused_total',
    help: 'Requests and connections that were refused before any method, by reason.',
    labels: ['reason'],
  });
  const gauge = (name: string, help: string, read: () => number): void =>
    registry.gauge({ name, help }).collect(read);
  gauge('basalt_rpc_open_sockets', 'Open WebSocket connections.', gauges.connections);
  gauge('basalt_rpc_requests_in_flight', 'Requests being answered.', gauges.inFlight);
  gauge('basalt_rpc_filters', 'Filters of clients that poll.', gauges.filters);
  gauge('basalt_rpc_subscriptions', 'Subscriptions of sockets.', gauges.subscriptions);
  return {
    answered(method, code, duration) {
      requests.add(1, { method });
      seconds.observe(duration, { method });
      if (code !== undefined) errors.add(1, { code: String(code) });
    },
    refused: (reason) => refused.add(1, { reason }),
  };
}
