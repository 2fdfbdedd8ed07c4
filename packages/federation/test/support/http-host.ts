import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TransportReply } from '../../src/peer/transport.ts';
import type { Route } from '../../src/routes.ts';
import { MemoryNetwork } from './memory-network.ts';

/** What a lying server does with one answer: changes it, or writes what it likes by itself. */
export type LieOver = (
  target: string,
  honest: TransportReply,
  response: ServerResponse,
) => (Pick<TransportReply, 'status' | 'body'> & { etag?: string }) | 'written';

export interface HttpHost {
  readonly url: string;
  lie: LieOver | undefined;
  /** Targets asked for. */
  readonly asked: string[];
  /** Other routes from now on. */
  serve(routes: readonly Route[]): void;
  close(): Promise<void>;
}

/** Routes behind a real HTTP server on loopback. */
export async function startHttpHost(routes: readonly Route[]): Promise<HttpHost> {
  const inner = new MemoryNetwork();
  inner.add({ url: 'http://inner.test', routes });
  const transport = inner.transportOf('http://outer.test');
  const server = createServer((request, response) => {
    void (async () => {
      const body: Buffer[] = [];
      for await (const piece of request) body.push(piece as Buffer);
      const target = request.url ?? '/';
      host.asked.push(target);
      const fields = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      const honest = await transport({
        url: 'http://inner.test',
        method: request.method === 'POST' ? 'POST' : 'GET',
        target,
        fields,
        body: Buffer.concat(body),
        bytesMax: 64 * 1024 * 1024,
      });
      const told = host.lie?.(target, honest, response) ?? honest;
      if (told === 'written') return;
      const etag = 'etag' in told && told.etag !== undefined ? told.etag : honest.header('etag');
      response.writeHead(told.status, etag === undefined ? {} : { ETag: etag });
      response.end(told.body);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host: HttpHost = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lie: undefined,
    asked: [],
    serve: (others) => inner.add({ url: 'http://inner.test', routes: others }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return host;
}
