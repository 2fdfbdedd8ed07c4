import {
  type Attributes,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';

/** What a span is told of: numbers and short texts, no payloads, no keys. */
export type SpanFields = Attributes;

export interface SpanOptions {
  readonly fields?: SpanFields;
  /** `server`: somebody else's request; `client`: a call to somebody else. Default: work here. */
  readonly kind?: 'server' | 'client';
  /** The caller's `traceparent` (W3C Trace Context); the span begins a trace without one. */
  readonly parent?: string | undefined;
  /** May begin a trace where none runs; requests may always. Default: a part of one only. */
  readonly begins?: boolean;
  /** Traces that this work is done for beside the one that it is in. */
  readonly links?: readonly SpanContext[];
}

/** Fields of a span that runs; what is told after its end is dropped. */
export interface RunningSpan {
  tell(fields: SpanFields): void;
}

const SILENT: RunningSpan = { tell: () => undefined };
const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT } as const;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const ZEROS = /^0+$/;

/** Who begins a trace: this program, or a caller who says that he is in one. */
export type TraceBeginning = 'here' | 'caller';

/** Whether a trace that begins or comes in now is kept; undefined: nobody takes spans. */
let keepsNext: ((by: TraceBeginning) => boolean) | undefined;

/**
 * Set by whoever registers a tracer. Without it a span costs a branch, and one that would begin a
 * trace which is not kept costs a call of this.
 *
 * @param keeps whether the trace that begins now is kept; a caller's must be bounded, or strangers
 *   fill the collector; undefined: no tracing
 */
export function setTracing(keeps: ((by: TraceBeginning) => boolean) | undefined): void {
  keepsNext = keeps;
}

/**
 * Runs work in a span of the tracer that the program has registered, if any; an error ends the span
 * as failed and goes on.
 */
export async function inSpan<Result>(
  name: string,
  options: SpanOptions,
  work: (span: RunningSpan) => Promise<Result>,
): Promise<Result> {
  if (keepsNext === undefined) return await work(SILENT);
  const { fields = {}, kind, parent, links = [] } = options;
  const remote = parent === undefined ? undefined : parseTraceparent(parent);
  if (remote !== undefined) {
    const isSampled = (remote.traceFlags & TraceFlags.SAMPLED) !== 0;
    if (!isSampled || !keepsNext('caller')) return await work(SILENT);
  } else if (spanHere() === undefined) {
    const mayBegin = kind === 'server' || options.begins === true;
    if (!mayBegin || !keepsNext('here')) return await work(SILENT);
  }
  const span = trace.getTracer('basalt').startSpan(
    name,
    {
      attributes: fields,
      kind: kind === undefined ? SpanKind.INTERNAL : KINDS[kind],
      links: links.map((to): Link => ({ context: to })),
    },
    remote === undefined ? context.active() : trace.setSpanContext(ROOT_CONTEXT, remote),
  );
  try {
    const running = trace.setSpan(context.active(), span);
    return await context.with(running, () => work(tellerOf(span)));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
    throw error;
  } finally {
    span.end();
  }
}

/** The span that runs here now, so that later work may link to it; undefined without one. */
export function spanHere(): SpanContext | undefined {
  if (keepsNext === undefined) return undefined;
  return trace.getSpanContext(context.active());
}

/** `traceparent` for a call to somebody else; undefined where nothing is traced. */
export function traceparent(): string | undefined {
  const here = spanHere();
  if (here === undefined) return undefined;
  const flags = here.traceFlags.toString(16).padStart(2, '0');
  return `00-${here.traceId}-${here.spanId}-${flags}`;
}

/** Id of the trace that runs here, for log lines; undefined without one. */
export function traceId(): string | undefined {
  return spanHere()?.traceId;
}

/** Version 00; anything else, and ids of zeros, begin a trace of their own. */
export function parseTraceparent(text: string): SpanContext | undefined {
  const [, id, spanId, flags] = TRACEPARENT.exec(text) ?? [];
  if (id === undefined || spanId === undefined || flags === undefined) return undefined;
  if (ZEROS.test(id) || ZEROS.test(spanId)) return undefined;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return { traceId: id, spanId, traceFlags, isRemote: true };
}

function tellerOf(span: Span): RunningSpan {
  return { tell: (fields) => void span.setAttributes(fields) };
}
