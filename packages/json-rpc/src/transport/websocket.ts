import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { SOCKET_IN_FLIGHT_MAX, SOCKET_PING_MS } from '../limits.ts';
import type { Connection, Subscriptions } from '../logs/subscriptions.ts';
import { isHostAllowed, isOriginAllowed } from './access.ts';
import type { HttpComponents } from './http.ts';

/** Codes of RFC 6455, section 7.4.1. */
const TRY_AGAIN_LATER = 1013;
const GOING_AWAY = 1001;

/** WebSocket connections on the port of the HTTP server. */
export class Sockets {
  readonly #components: HttpComponents;
  readonly #subscriptions: Subscriptions;
  readonly #server: WebSocketServer;
  readonly #pings: NodeJS.Timeout;

  constructor(components: HttpComponents, subscriptions: Subscriptions) {
    this.#components = components;
    this.#subscriptions = subscriptions;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: components.limits.bodyBytes,
      // A decompressor in front of a limit is a bomb's doorway.
      perMessageDeflate: false,
    });
    this.#pings = setInterval(() => this.#ping(), SOCKET_PING_MS);
    this.#pings.unref();
  }

  get size(): number {
    return this.#server.clients.size;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { access, limits, metrics } = this.#components;
    socket.on('error', () => socket.destroy());
    if (!isHostAllowed(request.headers.host, access())) {
      metrics.refused('host');
      return refuse(socket, '403 Forbidden');
    }
    if (!isOriginAllowed(request.headers.origin, access())) {
      metrics.refused('origin');
      return refuse(socket, '403 Forbidden');
    }
    if (this.size >= limits.connections) {
      metrics.refused('busy');
      return refuse(socket, '503 Service Unavailable');
    }
    this.#server.handleUpgrade(request, socket, head, (client) => {
      new Client(client, request.socket.remoteAddress ?? '', this.#components, this.#subscriptions);
    });
  }

  close(): void {
    clearInterval(this.#pings);
    for (const client of this.#server.clients) {
      client.close(GOING_AWAY);
      client.terminate();
    }
    this.#server.close();
  }

  #ping(): void {
    for (const client of this.#server.clients as Set<WebSocket & { isQuiet?: boolean }>) {
      if (client.isQuiet === true) {
        client.terminate();
        continue;
      }
      client.isQuiet = true;
      client.once('pong', () => {
        client.isQuiet = false;
      });
      client.ping();
    }
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** One socket. Its messages are answered side by side, up to a bound; then reading waits. */
class Client implements Connection {
  readonly #socket: WebSocket;
  readonly #address: string;
  readonly #components: HttpComponents;
  #inFlight = 0;

  constructor(
    socket: WebSocket,
    address: string,
    components: HttpComponents,
    subscriptions: Subscriptions,
  ) {
    this.#socket = socket;
    this.#address = address;
    this.#components = components;
    socket.on('message', (data) => void this.#onMessage(data));
    socket.on('close', () => subscriptions.drop(this));
    // Malformed frames and resets: `close` follows.
    socket.on('error', () => socket.terminate());
  }

  notify(subscription: string, result: string): void {
    const params = `{"subscription":${JSON.stringify(subscription)},"result":${result}}`;
    this.#send(`{"jsonrpc":"2.0","method":"eth_subscription","params":${params}}`);
  }

  async #onMessage(data: RawData): Promise<void> {
    const { dispatcher, load, metrics, rates } = this.#components;
    this.#inFlight++;
    load.inFlight++;
    if (this.#inFlight >= SOCKET_IN_FLIGHT_MAX) this.#socket.pause();
    try {
      // The default of `binaryType` is one buffer a message.
      const text = (data as Buffer).toString('utf8');
      const answer = await dispatcher.answerText(text, this, (weight) => {
        const isAllowed = rates.take(this.#address, weight);
        if (!isAllowed) metrics.refused('rate');
        return isAllowed;
      });
      if (answer !== undefined) this.#send(answer);
    } finally {
      this.#inFlight--;
      load.inFlight--;
      if (this.#socket.isPaused && this.#inFlight < SOCKET_IN_FLIGHT_MAX) this.#socket.resume();
    }
  }

  /** Who does not read is cut: what waits for it would fill our memory. */
  #send(text: string): void {
    const { limits, metrics } = this.#components;
    if (this.#socket.bufferedAmount > limits.socketBacklogBytes + limits.responseBytes) {
      metrics.refused('slow-reader');
      this.#socket.close(TRY_AGAIN_LATER);
      this.#socket.terminate();
      return;
    }
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(text);
  }
}
