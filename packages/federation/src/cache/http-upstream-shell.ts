import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Scheduler } from '@basalt/protocol';
import type { Field } from './stored.ts';
import { UpstreamError, type UpstreamTransport } from './upstreams.ts';

export interface HttpUpstream {
  readonly transport: UpstreamTransport;
  close(): void;
}

const EVENTS = /^\s*text\/event-stream\s*(?:;|$)/i;

/**
 * HTTP without redirects and without decoding (`fetch` decodes, and the entity tag is one of the
 * coded bytes). One time limit from the question to the last byte. What
 * streams is given up when its fields are there: its last byte never comes.
 */
export function createHttpUpstream(parts: {
  readonly scheduler: Scheduler;
  readonly timeoutMs: number;
}): HttpUpstream {
  const agents = {
    http: new HttpAgent({ keepAlive: true, maxFreeSockets: 32 }),
    https: new HttpsAgent({ keepAlive: true, maxFreeSockets: 32 }),
  };
  const transport: UpstreamTransport = ({ url, method, target, fields, body, bytesMax }) =>
    new Promise((resolve, reject) => {
      const isSecure = url.startsWith('https:');
      const startMs = performance.now();
      const open = isSecure ? httpsRequest : httpRequest;
      const length: Field[] = body === undefined ? [] : [['content-length', String(body.length)]];
      const call = open(url + target, {
        method,
        agent: isSecure ? agents.https : agents.http,
        headers: Object.fromEntries([...fields, ...length]),
      });
      const cancel = parts.scheduler.after(parts.timeoutMs, () => {
        fail(new UpstreamError('timeout', `no whole answer in ${parts.timeoutMs} ms`));
      });
      const fail = (error: UpstreamError): void => {
        cancel();
        call.destroy();
        reject(error);
      };
      const broken = (error: Error): void =>
        fail(new UpstreamError('unreachable', error.message, { cause: error }));
      call.on('error', broken);
      call.on('response', (answer) => {
        if (EVENTS.test(answer.headers['content-type'] ?? '')) {
          fail(new UpstreamError('stream', 'the answer is a stream of events, which has no end'));
          return;
        }
        const firstByteSeconds = (performance.now() - startMs) / 1_000;
        const pieces: Buffer[] = [];
        let bytes = 0;
        answer.on('error', broken);
        answer.on('data', (piece: Buffer) => {
          bytes += piece.length;
          pieces.push(piece);
          if (bytes > bytesMax) {
            fail(new UpstreamError('oversize', `the body goes on after ${bytesMax} bytes`));
          }
        });
        answer.on('end', () => {
          cancel();
          const status = answer.statusCode ?? 502;
          const body = Buffer.concat(pieces);
          resolve({ status, fields: fieldsOf(answer), body, firstByteSeconds });
        });
      });
      call.end(body);
    });
  return {
    transport,
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function fieldsOf({ rawHeaders }: IncomingMessage): Field[] {
  const fields: Field[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    fields.push([(rawHeaders[i] as string).toLowerCase(), rawHeaders[i + 1] as string]);
  }
  return fields;
}
