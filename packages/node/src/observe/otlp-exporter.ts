import type { Attributes, AttributeValue, HrTime, SpanContext } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

type ExportDone = Parameters<SpanExporter['export']>[1];

/** Where requests go: `fetch`, bounded in time by the caller. */
export type PostJson = (body: string) => Promise<{ readonly ok: boolean; readonly status: number }>;

/** `ExportResultCode` of the SDK's core. */
const SUCCESS = 0;
const FAILED = 1;

/**
 * Spans as OTLP over HTTP in JSON (opentelemetry-proto 1.x, `/v1/traces`): what Jaeger, Tempo and
 * every collector take. Own, because the packages that do it bring metrics and logs along.
 */
export function createOtlpExporter(
  post: PostJson,
  resource: Readonly<Record<string, string>>,
): SpanExporter {
  return {
    export(spans: ReadableSpan[], done: ExportDone): void {
      post(JSON.stringify(toRequest(spans, resource))).then(
        ({ ok, status }) =>
          done(ok ? { code: SUCCESS } : { code: FAILED, error: new Error(`status ${status}`) }),
        (error: unknown) =>
          done({ code: FAILED, error: error instanceof Error ? error : new Error(String(error)) }),
      );
    },
    shutdown: () => Promise.resolve(),
  };
}

function toRequest(
  spans: readonly ReadableSpan[],
  resource: Readonly<Record<string, string>>,
): Record<string, unknown> {
  return {
    resourceSpans: [
      {
        resource: { attributes: toAttributes(resource) },
        scopeSpans: [{ scope: { name: 'basalt' }, spans: spans.map(toSpan) }],
      },
    ],
  };
}

function toSpan(span: ReadableSpan): Record<string, unknown> {
  const { traceId, spanId } = span.spanContext();
  const parent = span.parentSpanContext?.spanId;
  return {
    traceId,
    spanId,
    ...(parent === undefined ? {} : { parentSpanId: parent }),
    name: span.name,
    // The protocol counts kinds from one, zero is unspecified.
    kind: span.kind + 1,
    startTimeUnixNano: nanoseconds(span.startTime),
    endTimeUnixNano: nanoseconds(span.endTime),
    attributes: toAttributes(span.attributes),
    links: span.links.map(({ context }) => toLink(context)),
    status: {
      code: span.status.code,
      ...(span.status.message === undefined ? {} : { message: span.status.message }),
    },
  };
}

function toLink({ traceId, spanId }: SpanContext): Record<string, unknown> {
  return { traceId, spanId };
}

function toAttributes(attributes: Attributes): Record<string, unknown>[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: toValue(value) }],
  );
}

function toValue(value: AttributeValue): Record<string, unknown> {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') {
    // 64-bit integers are texts in the JSON form of protobuf.
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  return { stringValue: String(value) };
}

function nanoseconds([seconds, nanos]: HrTime): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
}
