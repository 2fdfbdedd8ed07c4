import { request } from 'node:http';
import { connect } from 'node:net';
import type { Ledger, PruneHolds } from '@basalt/ledger';
import { createMetricsRegistry } from '@basalt/telemetry';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/index.ts';
import { clock, createTestLedger, provider } from './ledger.ts';

export interface Served {
  readonly ledger: Ledger;
  readonly gateway: Gateway;
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A gateway on a free port of this machine over a ledger in memory. */
export async function serve(
  options: GatewayOptions = {},
  ledger?: Ledger,
  pruneHolds: PruneHolds = {},
): Promise<Served> {
  const own = ledger ?? (await createTestLedger());
  const gateway = createGateway(
    { ledger: own, crypto: provider, clock, metrics: createMetricsRegistry(), pruneHolds },
    options,
  );
  const { url, port } = await gateway.start();
  return {
    ledger: own,
    gateway,
    url,
    port,
    async close() {
      await gateway.stop(1_000);
      if (ledger === undefined) await own.close();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The body as JSON; the test says what it expects. */
  json<Shape = Record<string, unknown>>(): Shape;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly timeoutMs?: number;
}

/** One request through node:http: nothing is normalised, decoded or retried. */
export function ask(port: number, path: string, options: AskOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: options.method ?? 'GET',
        headers: { ...options.headers },
        agent: false,
        timeout: options.timeoutMs ?? 10_000,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const body = Buffer.concat(chunks);
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body,
            json: <Shape>() => JSON.parse(body.toString()) as Shape,
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${path} in time`)));
    outgoing.end(options.body);
  });
}

export function post(
  port: number,
  path: string,
  type: string,
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return ask(port, path, { method: 'POST', body, headers: { 'content-type': type, ...headers } });
}

/** Bytes as they are over a bare socket; everything that came back until it closed. */
export function raw(port: number, text: string | Buffer, timeoutMs = 5_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error('the connection stayed open'));
    }, timeoutMs);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('latin1'));
    });
  });
}

/** Waits until `check` gives something other than undefined or false. */
export async function until<Value>(
  check: () => Promise<Value | undefined | false>,
  timeoutMs = 5_000,
): Promise<Value> {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > endMs) throw new Error('it did not come to pass in time');
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
}
