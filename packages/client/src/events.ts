import { type NamespaceId, parseNamespaceId } from '@basalt/protocol';
import { backoffMs, randomUnit } from './backoff.ts';
import { ClientError, refusal, refuseUnless } from './errors.ts';
import { createEventStreamParser, type StreamEvent } from './event-stream.ts';
import { asObject, countField, parseJson, textField, timeField } from './json.ts';
import { EVENTS_IDLE_MS_MAX } from './limits.ts';
import type { ClientContext } from './options.ts';
import type { CallOptions } from './types.ts';
import { throwIfAborted, wait } from './wait.ts';

/**
 * What a node says that has happened: a hint where to look, unverified. `connected` is the client's
 * own: the stream is (again) open, and what happened in between may be missing.
 */
export type NodeEvent =
  | { readonly kind: 'connected' }
  | {
      readonly kind: 'block';
      readonly namespace: NamespaceId;
      readonly index: number;
      /** Hex. */
      readonly hash: string;
      readonly timestampMs: number;
    }
  | { readonly kind: 'checkpoint'; readonly namespace: NamespaceId; readonly size: number }
  | { readonly kind: 'fork'; readonly namespace: NamespaceId; readonly index: number }
  | { readonly kind: 'lagged'; readonly dropped: number };

export interface EventsOptions extends CallOptions {
  /** One namespace; all without it. */
  readonly namespace?: NamespaceId;
  /** Told when the line is lost, with the pause before the next try. */
  readonly onDisconnect?: (error: unknown, delayMs: number) => void;
}

/**
 * Events as they come, over `fetch` (so that headers, signals and Node work alike). Connects again
 * with back-off after each loss and names the last event that it saw.
 *
 * @throws ClientError `aborted`; kind `rejected` when the node refuses the subscription itself
 */
export async function* readEvents(
  context: ClientContext,
  options: EventsOptions,
): AsyncGenerator<NodeEvent, void, undefined> {
  const { namespace, signal } = options;
  const path = namespace === undefined ? '/events' : `/chains/${namespace}/events`;
  let lastEventId = '';
  let failures = 0;
  for (;;) {
    throwIfAborted(signal);
    let askedMs: number | undefined;
    let failure: unknown;
    try {
      const parser = createEventStreamParser(lastEventId);
      const stream = await context.transport.open(path, {
        headers: {
          accept: 'text/event-stream',
          ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }),
        },
        signal,
        idleMs: EVENTS_IDLE_MS_MAX,
      });
      try {
        yield { kind: 'connected' };
        const decoder = new TextDecoder();
        for await (const piece of stream.pieces) {
          for (const event of parser.feed(decoder.decode(piece, { stream: true }))) {
            failures = 0;
            lastEventId = event.id;
            const read = readEvent(event);
            if (read !== undefined) yield read;
          }
          askedMs = parser.retryMs;
        }
      } finally {
        // Whoever leaves the loop, even before the first event, leaves no line open.
        stream.close();
      }
    } catch (error) {
      if (error instanceof ClientError && error.kind !== 'unavailable') throw error;
      failure = error;
    }
    const delayMs = Math.max(askedMs ?? 0, backoffMs(failures, randomUnit(context.random)));
    failures++;
    options.onDisconnect?.(failure, delayMs);
    await wait(context.scheduler, delayMs, signal);
  }
}

/** undefined for kinds of events that this client does not know. */
function readEvent(event: StreamEvent): NodeEvent | undefined {
  const { type } = event;
  if (type !== 'block' && type !== 'checkpoint' && type !== 'fork' && type !== 'lagged') {
    return undefined;
  }
  const object = asObject(parseJson(new TextEncoder().encode(event.data)), 'an event');
  if (type === 'lagged') return { kind: type, dropped: countField(object, 'dropped') };
  const namespace = refuseUnless(() => parseNamespaceId(textField(object, 'namespace')));
  if (type === 'checkpoint') return { kind: type, namespace, size: countField(object, 'size') };
  const index = countField(object, 'index');
  if (type === 'fork') return { kind: type, namespace, index };
  const hash = textField(object, 'blockHash' in object ? 'blockHash' : 'hash');
  if (!/^[0-9a-f]{64}$/.test(hash)) {
    throw refusal('bad-response', 'expected the hash of an event in hexadecimal digits');
  }
  return { kind: type, namespace, index, hash, timestampMs: timeField(object, 'timestampMs') };
}
