import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Ledger, LedgerEvent } from '@basalt/ledger';
import { blockHash, decodeEntry, type NamespaceId, toHex } from '@basalt/protocol';
import { GatewayError } from './errors.ts';
import { DATA_FIELDS } from './http/security-fields.ts';
import { addressKey, isForMany } from './http/token-bucket.ts';
import {
  EVENT_RESUME_BLOCKS_MAX,
  EVENT_STREAM_ADDRESS_SHARE,
  EVENT_STREAM_BACKLOG_BYTES_MAX,
  EVENT_STREAM_DRAIN_MS,
} from './limits.ts';
import { EVENTS_TYPE } from './media-types.ts';

export interface EventStreamOptions {
  readonly streamsMax: number;
  readonly heartbeatMs: number;
  /** Default `EVENT_STREAM_DRAIN_MS`. */
  readonly drainMs?: number;
  /** Of `proxyKeys`; each may have as many streams as this machine. */
  readonly proxies?: ReadonlySet<string>;
}

interface OpenStream {
  /** Of the reader's address, as limits count it. */
  readonly address: string;
  /** When the heartbeat was written that is still on its way. */
  beatMs: number | undefined;
}

/** Server-sent events (HTML Standard section 9.2), to a bounded number of readers. */
export class EventStreams {
  readonly #ledger: Ledger;
  readonly #streamsMax: number;
  readonly #heartbeatMs: number;
  readonly #drainMs: number;
  readonly #proxies: ReadonlySet<string>;
  /** At most `streamsMax`. */
  readonly #open = new Map<ServerResponse, OpenStream>();
  readonly #byAddress = new Map<string, number>();
  /** One timer for all; runs only while somebody listens. */
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(ledger: Ledger, options: EventStreamOptions) {
    this.#ledger = ledger;
    this.#streamsMax = options.streamsMax;
    this.#heartbeatMs = options.heartbeatMs;
    this.#drainMs = options.drainMs ?? EVENT_STREAM_DRAIN_MS;
    this.#proxies = options.proxies ?? new Set();
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * The ledger's events, of all namespaces or of one, from where the client has left off.
   *
   * @throws GatewayError `overloaded`, `too-many-requests`; LedgerError `queue-full`
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
   * @throws GatewayError `overloaded`, `too-many-requests`; what `open` throws
   */
  async stream(
    request: IncomingMessage,
    response: ServerResponse,
    open: (signal: AbortSignal) => AsyncIterable<string>,
  ): Promise<void> {
    const { remoteAddress = 'unknown' } = request.socket;
    this.#assertRoom(remoteAddress);
    const controller = new AbortController();
    const texts = open(controller.signal);
    response.once('close', () => controller.abort());
    this.#add(response, addressKey(remoteAddress));
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
    for (const response of this.#open.keys()) response.end();
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

  /** Nobody but a proxy, which this machine may be too, has more than a share. */
  #assertRoom(remoteAddress: string): void {
    const streamsMax = this.#streamsMax;
    if (this.#open.size >= streamsMax) {
      throw new GatewayError('overloaded', `more than ${streamsMax} event streams`, {}, RETRY);
    }
    const share = streamsMax / EVENT_STREAM_ADDRESS_SHARE;
    const isMany = isForMany(remoteAddress, this.#proxies);
    const most = isMany ? streamsMax - Math.floor(share) : Math.ceil(share);
    if ((this.#byAddress.get(addressKey(remoteAddress)) ?? 0) < most) return;
    const words = `more than ${most} event streams from one address`;
    throw new GatewayError('too-many-requests', words, {}, RETRY);
  }

  #add(response: ServerResponse, address: string): void {
    this.#open.set(response, { address, beatMs: undefined });
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    this.#heartbeat ??= setInterval(() => this.#beat(), this.#heartbeatMs).unref();
  }

  /** A heartbeat goes behind all that waits: while it has not left, nothing of that has. */
  #beat(): void {
    const nowMs = performance.now();
    for (const [response, stream] of this.#open) {
      if (stream.beatMs === undefined) {
        stream.beatMs = nowMs;
        response.write(':\n\n', () => {
          stream.beatMs = undefined;
        });
      } else if (nowMs - stream.beatMs >= this.#drainMs) {
        response.destroy();
      }
    }
  }

  #remove(response: ServerResponse): void {
    const address = this.#open.get(response)?.address ?? '';
    this.#open.delete(response);
    const left = (this.#byAddress.get(address) ?? 0) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
    if (this.#open.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }
}

const RETRY: readonly string[] = ['Retry-After', '5'];

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
