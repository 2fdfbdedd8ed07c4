import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Dispatcher, errorText, tooMany } from '../dispatcher.ts';
import { limitExceeded, RPC_ERRORS, RpcError } from '../errors.ts';
import { HELD_BYTES_MAX, type RpcLimits } from '../limits.ts';
import type { RpcMetrics } from '../metrics.ts';
import { type AccessRules, isHostAllowed, isOriginAllowed } from './access.ts';
import type { RateLimiter } from './rate-limit.ts';

export interface HttpComponents {
  readonly dispatcher: Dispatcher;
  readonly limits: RpcLimits;
  readonly metrics: RpcMetrics;
  readonly rates: RateLimiter;
  readonly access: () => AccessRules;
  readonly load: Load;
}

/** What is in work at the moment, over HTTP and WebSocket. */
export interface Load {
  inFlight: number;
  /** Bodies being read and answers being sent; of HTTP alone, sockets have a bound each. */
  heldBytes: number;
}

const GREETING =
  'This is an Ethereum JSON-RPC endpoint: POST JSON here, or open a WebSocket.\n' +
  'Example: {"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}\n';

const FIELDS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  Vary: 'Origin',
};

/** Answers one HTTP request; never throws. */
// Life of a transaction, 1.
export async function answerHttp(
  components: HttpComponents,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await answer(components, request, response);
  } catch {
    // The client went away while its body was read.
    response.destroy();
  }
}

async function answer(
  components: HttpComponents,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { access, limits, load, metrics } = components;
  const { origin, host } = request.headers;
  if (!isHostAllowed(host, access())) {
    metrics.refused('host');
    return sendText(response, 403, 'invalid host specified\n');
  }
  if (!isOriginAllowed(origin, access())) {
    metrics.refused('origin');
    return sendText(response, 403, 'pages of this origin may not ask here\n');
  }
  if (origin !== undefined) {
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Expose-Headers', 'Retry-After');
  }
  if (request.method === 'OPTIONS') return sendPreflight(response);
  if (request.method === 'GET' || request.method === 'HEAD') {
    return sendText(response, 200, GREETING);
  }
  if (request.method !== 'POST') {
    response.setHeader('Allow', 'GET, HEAD, OPTIONS, POST');
    return sendText(response, 405, 'POST JSON here\n');
  }
  if (!isJson(request.headers['content-type'])) {
    // A page can send any other type to us without asking first.
    return sendText(response, 415, 'expected the content type application/json\n');
  }
  if (load.inFlight >= limits.requestsInFlight || load.heldBytes > HELD_BYTES_MAX) {
    metrics.refused('busy');
    response.setHeader('Retry-After', '1');
    sendJson(response, 503, errorText(null, limitExceeded('too many requests at once')));
    return;
  }
  load.inFlight++;
  const body = { bytes: 0 };
  try {
    const text = await readBody(request, limits.bodyBytes, (bytes) => {
      body.bytes += bytes;
      load.heldBytes += bytes;
    });
    if (text === undefined) {
      response.setHeader('Connection', 'close');
      const message = `the request has more than ${limits.bodyBytes} bytes`;
      const error = new RpcError(RPC_ERRORS.invalidRequest, message);
      sendJson(response, 413, errorText(null, error));
      return;
    }
    await answerBody(components, request, response, text);
  } finally {
    load.inFlight--;
    load.heldBytes -= body.bytes;
  }
}

async function answerBody(
  { dispatcher, load, metrics, rates }: HttpComponents,
  request: IncomingMessage,
  response: ServerResponse,
  text: string,
): Promise<void> {
  let isAllowed = true;
  const address = request.socket.remoteAddress ?? '';
  const { traceparent } = request.headers;
  const allow = (weight: number): boolean => {
    isAllowed = rates.take(address, weight);
    return isAllowed;
  };
  const parent = traceparent === undefined ? undefined : String(traceparent);
  const result = await dispatcher.answerText(text, undefined, allow, parent);
  if (!isAllowed) {
    metrics.refused('rate');
    response.setHeader('Retry-After', '1');
    sendJson(response, 429, result ?? errorText(null, tooMany()));
    return;
  }
  if (result === undefined) {
    response.writeHead(204, FIELDS).end();
    return;
  }
  const bytes = sendJson(response, 200, result);
  // Whoever went away holds nothing.
  if (response.closed) return;
  load.heldBytes += bytes;
  response.once('close', () => {
    load.heldBytes -= bytes;
  });
}

function isJson(type: string | undefined): boolean {
  const name = type?.split(';', 1)[0]?.trim().toLowerCase();
  return name === 'application/json' || name === 'application/json-rpc';
}

/** undefined: it is larger than it may be; the rest is not read. */
async function readBody(
  request: IncomingMessage,
  bytesMax: number,
  onBytes: (bytes: number) => void,
): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    onBytes(chunk.length);
    if (length > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString('utf8');
}

function sendPreflight(response: ServerResponse): void {
  response.writeHead(204, {
    ...FIELDS,
    'Access-Control-Allow-Methods': 'POST, GET, OPTIONS',
    'Access-Control-Allow-Headers': 'content-type',
    'Access-Control-Max-Age': '600',
  });
  response.end();
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...FIELDS, 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(text);
}

/** @returns how many bytes were handed to the connection */
function sendJson(response: ServerResponse, status: number, json: string): number {
  const bytes = Buffer.from(json, 'utf8');
  response.writeHead(status, {
    ...FIELDS,
    'Content-Type': 'application/json',
    'Content-Length': bytes.length,
  });
  response.end(bytes);
  return bytes.length;
}
