import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Ledger, LedgerEvent } from '@basalt/ledger';
import { blockHash, decodeEntry, type NamespaceId, toHex } from '@basalt/protocol';
import { GatewayError } from './errors.ts';
import { DATA_FIELDS } from './http/security-fields.ts';
import { EVENT_RESUME_BLOCKS_MAX, EVENT_STREAM_BACKLOG_BYTES_MAX } from './limits.ts';
import { EVENTS_TYPE } from './media-types.ts';

export interface EventStreamOptions {
  readonly streamsMax: number;
  readonly heartbeatMs: number;
}

/** Server-sent events (HTML Standard section 9.2), to a bounded number of readers. */
export class EventStreams {
  readonly #ledger: Ledger;
  readonly #streamsMax: number;
  readonly #heartbeatMs: number;
  /** At most `streamsMax`. */
  readonly #open = new Set<ServerResponse>();
  /** One timer for all; runs only while somebody listens. */
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(ledger: Ledger, options: EventStreamOptions) {
    this.#ledger = ledger;
    this.#streamsMax = options.streamsMax;
    this.#heartbeatMs = options.heartbeatMs;
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * The ledger's events, of all namespaces or of one, from where the client has left off.
   *
   * @throws GatewayError `overloaded`; LedgerError `queue-full`
   */
  async serve(
    request: IncomingMessage,
    response: ServerResponse,
    namespace: NamespaceId | undefined,
  ): Promise<void> {
    await this.stream(request, response, (signal) => {
      const events = this.#ledger.subscribe({
        signal,
        ...(namespace === undefined ? {} : { namespace }),
      });
      return this.#texts(events, namespace, lastEventId(request));
    });
  }

  /**
   * Serves one stream until the client leaves, the source ends or the gateway stops. A reader that
   * does not read is dropped, without harm to others.
   *
   * @param open gives whole events in their text form; its signal fires when the reader is gone
   * @throws GatewayError `overloaded`; what `open` throws
   */
  async stream(
    request: IncomingMessage,
    response: ServerResponse,
    open: (signal: AbortSignal) => AsyncIterable<string>,
  ): Promise<void> {
    if (this.#open.size >= this.#streamsMax) {
      throw new GatewayError('overloaded', `more than ${this.#streamsMax} event streams`, {}, [
        'Retry-After',
        '5',
      ]);
    }
    const controller = new AbortController();
    const texts = open(controller.signal);
    response.once('close', () => controller.abort());
    this.#add(response);
    try {
      response.writeHead(200, [...STREAM_FIELDS, ...DATA_FIELDS]);
      if (request.method === 'HEAD') return;
      response.write('retry: 1000\n\n');
      for await (const text of texts) if (!send(response, text)) break;
    } finally {
      controller.abort();
      this.#remove(response);
      response.end();
    }
  }

  /** Ends every stream; the clients come back elsewhere or later with their last id. */
  endAll(): void {
    for (const response of this.#open) response.end();
  }

  async *#texts(
    events: AsyncIterable<LedgerEvent>,
    namespace: NamespaceId | undefined,
    last: { readonly namespace: string; readonly index: number } | undefined,
  ): AsyncGenerator<string> {
    const resumed = yield* this.#missed(namespace, last);
    for await (const event of events) {
      if (event.kind === 'block' && event.index < resumed) continue;
      yield formatEvent(event);
    }
  }

  /** Repeats the blocks behind `last`; returns the first index that only live events tell. */
  async *#missed(
    namespace: NamespaceId | undefined,
    last: { readonly namespace: string; readonly index: number } | undefined,
  ): AsyncGenerator<string, number> {
    if (namespace === undefined || last?.namespace !== namespace) return 0;
    const info = await this.#ledger.info(namespace);
    const missed = (info?.size ?? 0) - last.index - 1;
    if (missed <= 0) return 0;
    if (missed > EVENT_RESUME_BLOCKS_MAX) {
      yield formatEvent({ kind: 'lagged', dropped: missed });
      return last.index + 1 + missed;
    }
    const entries = await this.#ledger.entries(namespace, last.index + 1, missed);
    let index = last.index + 1;
    for (const bytes of entries) {
      const entry = decodeEntry(bytes);
      const { timestampMs, payloadType, payloadLength } = entry.header;
      const hash =
        entry.header.version === 2
          ? blockHash(entry)
          : (await this.#ledger.blockAt(namespace, index))?.blockHash;
      if (hash === undefined) break;
      const kind = 'block';
      const header = { namespace, index, blockHash: hash, timestampMs, payloadType, payloadLength };
      yield formatEvent({ kind, ...header });
      index++;
    }
    return index;
  }

  #add(response: ServerResponse): void {
    this.#open.add(response);
    this.#heartbeat ??= setInterval(() => {
      for (const stream of this.#open) stream.write(':\n\n');
    }, this.#heartbeatMs).unref();
  }

  #remove(response: ServerResponse): void {
    this.#open.delete(response);
    if (this.#open.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }
}

const STREAM_FIELDS: readonly string[] = [
  'Content-Type',
  EVENTS_TYPE,
  'Cache-Control',
  'no-store',
  // Asks nginx not to hold events back.
  'X-Accel-Buffering',
  'no',
];

/** False when the reader is gone or too slow. */
function send(response: ServerResponse, text: string): boolean {
  if (response.writableEnded || response.destroyed) return false;
  response.write(text);
  if (response.writableLength <= EVENT_STREAM_BACKLOG_BYTES_MAX) return true;
  response.destroy();
  return false;
}

/** One event; block events carry an id that a client gives back to resume. */
export function formatEvent(event: LedgerEvent): string {
  if (event.kind !== 'block') return `event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
  const data = JSON.stringify({ ...event, blockHash: toHex(event.blockHash) });
  return `event: block\nid: ${event.namespace}:${event.index}\ndata: ${data}\n\n`;
}

function lastEventId(
  request: IncomingMessage,
): { readonly namespace: string; readonly index: number } | undefined {
  const value = request.headers['last-event-id'];
  if (typeof value !== 'string') return undefined;
  const found = /^([0-9a-f-]{36}):(0|[1-9]\d{0,15})$/.exec(value);
  if (found === null) return undefined;
  return { namespace: found[1] as string, index: Number(found[2]) };
}
