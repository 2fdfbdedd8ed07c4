import { Agent, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as SecureAgent } from 'node:https';
import type { Outcome } from './open-loop.ts';

export interface LoadRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly mediaType?: string;
  /** RFC 7240. */
  readonly prefer?: string;
  readonly body?: Uint8Array | string;
  /** Looks at an answer with a good status; text of what is wrong, undefined for nothing. */
  readonly check?: (body: Buffer) => string | undefined;
}

export interface LoadTransport {
  send(request: LoadRequest): Promise<Outcome>;
  close(): void;
}

/** A request that hangs is a failure, and its place is needed. */
const TIMEOUT_MS = 30_000;

/** Connections that stay open, to one server; the answers are read and thrown away. */
export function createLoadTransport(url: string, connections: number): LoadTransport {
  const { protocol, hostname, port, pathname } = new URL(url);
  const isSecure = protocol === 'https:';
  const options = { keepAlive: true, maxSockets: connections, scheduling: 'fifo' } as const;
  const agent = isSecure ? new SecureAgent(options) : new Agent(options);
  const start = isSecure ? requestHttps : requestHttp;
  const base = pathname.replace(/\/+$/, '');
  return {
    send: ({ method, path, mediaType, prefer, body, check }) =>
      new Promise((resolve, reject) => {
        const headers = {
          ...(mediaType === undefined ? {} : { 'content-type': mediaType }),
          ...(prefer === undefined ? {} : { prefer }),
        };
        const target = { hostname, port, method, path: base + path, agent, headers };
        // No more are under way than there are connections, so it does not wait for one.
        const sentMs = performance.now();
        const sent = start({ ...target, timeout: TIMEOUT_MS }, (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (check !== undefined) chunks.push(chunk);
          });
          response.on('error', reject);
          response.on('end', () => {
            const status = response.statusCode ?? 0;
            const ok = status >= 200 && status < 400;
            const problem = ok ? check?.(Buffer.concat(chunks)) : String(status);
            const told = { bytes, sentMs };
            resolve(
              problem === undefined ? { ok: true, ...told } : { ok: false, problem, ...told },
            );
          });
        });
        sent.on('timeout', () => sent.destroy(new Error('timeout')));
        sent.on('error', reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}
