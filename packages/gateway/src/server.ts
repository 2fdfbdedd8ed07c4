import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { answerClientError } from './client-error.ts';
import {
  BLOCK_BODY_BYTES_MAX,
  HEADER_BYTES_MAX,
  HEADER_FIELDS_MAX,
  STOP_GRACE_MS,
} from './limits.ts';
import type { GatewaySettings } from './options.ts';

export interface Listening {
  readonly host: string;
  readonly port: number;
  /** E.g. `http://127.0.0.1:8080`. */
  readonly url: string;
}

/** A node:http server with every time-out and bound set. */
export function createHttpServer(
  settings: GatewaySettings,
  handler: RequestListener,
  onExpectation: RequestListener,
  onMalformed: () => void,
): Server {
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: settings.headersTimeoutMs,
      requestTimeout: settings.requestTimeoutMs,
      keepAliveTimeout: settings.keepAliveTimeoutMs,
      connectionsCheckingInterval: settings.timeoutCheckMs,
      // A client in the same millisecond as our time-out would see a reset: tell it less.
      keepAliveTimeoutBuffer: 1_000,
      noDelay: true,
    },
    handler,
  );
  server.maxHeadersCount = HEADER_FIELDS_MAX;
  server.maxConnections = settings.connectionsMax;
  server.timeout = settings.idleTimeoutMs;
  server.on('clientError', (error, socket) => {
    onMalformed();
    answerClientError(error, socket as Socket);
  });
  server.on('checkExpectation', onExpectation);
  server.on('checkContinue', (request, response) => {
    // Saying "continue" to a body that will be refused would make the client send it.
    const announced = Number(request.headers['content-length'] ?? 0);
    if (!(announced > 2 * BLOCK_BODY_BYTES_MAX)) response.writeContinue();
    handler(request, response);
  });
  return server;
}

export async function listen(server: Server, host: string, port: number): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1_024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { host: address.address, port: address.port, url: `http://${name}:${address.port}` };
}

/** How often idle connections are looked for while the server stops. */
const SWEEP_MS = 25;

/** Accepts no more, lets what runs finish within the grace, then cuts. True when none was cut. */
export async function stopServer(
  server: Server,
  graceMs: number = STOP_GRACE_MS,
): Promise<boolean> {
  if (!server.listening) return true;
  let clean = true;
  await new Promise<void>((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    const cut = setTimeout(() => {
      clean = false;
      server.closeAllConnections();
    }, graceMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
  return clean;
}
