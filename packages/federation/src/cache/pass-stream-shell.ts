import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { OUTGOING_ADDRESS_SHARE, PASSED_STREAMS_MAX } from './limits.ts';
import { problem } from './problem.ts';
import { readerOf } from './reader-shell.ts';
import type { Field } from './stored.ts';

/** Event streams that are passed through, of one cache. */
export interface PassedStreams {
  count: number;
  /** By address, of those that have but a share. */
  readonly byAddress: Map<string, number>;
  readonly signal: AbortSignal;
}

/** As long as a node asks whom it refuses a stream to wait. */
const RETRY_SECONDS = '5';

const STREAM_FIELDS = { 'cache-control': 'no-store', 'access-control-allow-origin': '*' };

/** Live events: each goes out when it comes; nothing is kept. Resolves when the stream began. */
export function passStream(
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
  streams: PassedStreams,
): Promise<void> {
  if (request.method === 'HEAD') {
    // The node is not asked: it would begin a stream.
    response.writeHead(200, { 'content-type': 'text/event-stream', ...STREAM_FIELDS });
    response.end();
    return Promise.resolve();
  }
  if (streams.count >= PASSED_STREAMS_MAX) {
    refuse(response, 503, 'overloaded', 'too many event streams');
    return Promise.resolve();
  }
  const address = readerOf(request);
  const own = address === undefined ? 0 : (streams.byAddress.get(address) ?? 0);
  if (own >= PASSED_STREAMS_MAX / OUTGOING_ADDRESS_SHARE) {
    refuse(response, 429, 'too-many-requests', `more than ${own} event streams from one address`);
    return Promise.resolve();
  }
  streams.count++;
  if (address !== undefined) streams.byAddress.set(address, own + 1);
  const open = url.startsWith('https:') ? httpsRequest : httpRequest;
  const last = request.headers['last-event-id'];
  return new Promise((resolve) => {
    const call = open(url + (request.url ?? '/'), {
      headers: {
        accept: 'text/event-stream',
        ...(typeof last === 'string' ? { 'last-event-id': last } : {}),
      },
      agent: false,
      signal: streams.signal,
    });
    const end = (): void => {
      call.destroy();
      if (response.headersSent) response.destroy();
      else refuse(response, 502, 'unreachable', 'the upstream gives no events');
      resolve();
    };
    call.on('error', end);
    call.on('response', (answer) => {
      // A refusal is the node's own, with the pause that it asks for.
      const passed = ['content-type', 'retry-after'].flatMap((name) => {
        const value = answer.headers[name];
        return value === undefined ? [] : [[name, value]];
      });
      response.writeHead(answer.statusCode ?? 502, {
        ...Object.fromEntries(passed),
        ...STREAM_FIELDS,
      });
      answer.on('error', end);
      answer.pipe(response);
      resolve();
    });
    response.on('close', () => {
      streams.count--;
      if (address !== undefined) giveBack(streams.byAddress, address);
      call.destroy();
    });
    call.end();
  });
}

function giveBack(byAddress: Map<string, number>, address: string): void {
  const left = (byAddress.get(address) ?? 0) - 1;
  if (left > 0) byAddress.set(address, left);
  else byAddress.delete(address);
}

function refuse(response: ServerResponse, status: number, code: string, detail: string): void {
  const pause: Field[] = status === 502 ? [] : [['retry-after', RETRY_SECONDS]];
  const { fields, body } = problem(status, code, detail, pause);
  response.writeHead(status, fields.flat());
  response.end(body);
}
