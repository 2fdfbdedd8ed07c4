import { type Logger, type MetricsRegistry, setTracing } from '@basalt/telemetry';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { createOtlpExporter } from './otlp-exporter.ts';

export interface TracingOptions {
  /** Of a collector: spans are posted to `<url>/v1/traces`. */
  readonly url: string;
  /** Part of the traces that is kept, by their id: all nodes of one trace decide alike. */
  readonly ratio: number;
  readonly resource: Readonly<Record<string, string>>;
  readonly metrics: MetricsRegistry;
  readonly logger: Logger;
}

/** A collector that hangs must not hold spans for ever. */
const POST_TIMEOUT_MS = 5_000;
/** Spans that wait for the collector; more are dropped, the node is never held up. */
const SPANS_WAITING_MAX = 4_096;

/** Begins to trace; the returned function sends what waits and ends it. */
export function startTracing(options: TracingOptions): () => Promise<void> {
  const { url, ratio, resource } = options;
  const target = `${url.replace(/\/+$/, '')}/v1/traces`;
  const posting = createOtlpExporter(async (body) => {
    const answer = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(POST_TIMEOUT_MS),
    });
    await answer.body?.cancel();
    return answer;
  }, resource);
  const exporter = tellOutcome(posting, options);
  const byId = new TraceIdRatioBasedSampler(ratio);
  const provider = new TracerProvider({
    // What begins here was drawn before; a caller's trace is kept by its id, so that all nodes of
    // one trace decide alike.
    sampler: new ParentBasedSampler({
      root: new AlwaysOnSampler(),
      remoteParentSampled: byId,
    }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: SPANS_WAITING_MAX,
        exportTimeoutMillis: POST_TIMEOUT_MS,
      }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  const callers = new CallerTraces();
  setTracing((by) => (by === 'here' ? Math.random() < ratio : callers.admit(Date.now())));
  return async () => {
    setTracing(undefined);
    await provider.shutdown().catch(() => undefined);
    trace.disable();
    context.disable();
  };
}

/** What becomes of spans, as a metric; a collector that stays away is told once, as its return. */
function tellOutcome(
  exporter: SpanExporter,
  { url, metrics, logger }: TracingOptions,
): SpanExporter {
  const spans = metrics.counter({
    name: 'basalt_trace_spans_total',
    help: 'Spans by what became of them; what fell out of a full queue is not among them.',
    labels: ['outcome'],
  });
  let isAway = false;
  return {
    export(batch, done) {
      exporter.export(batch, (result) => {
        const { error } = result;
        spans.add(batch.length, { outcome: error === undefined ? 'sent' : 'lost' });
        if (error === undefined && isAway) logger.info('the collector takes spans again', { url });
        if (error !== undefined && !isAway) {
          const reason = error.cause instanceof Error ? error.cause.message : error.message;
          logger.warn('the collector takes no spans; they are lost until it does', { url, reason });
        }
        isAway = error !== undefined;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

/** A caller picks the ids, and so what is kept: no more than this a second of such traces. */
const CALLER_TRACES_PER_SECOND = 20;

class CallerTraces {
  #second = 0;
  #count = 0;

  admit(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    this.#count++;
    return this.#count <= CALLER_TRACES_PER_SECOND;
  }
}
