import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a proxy does to a whole answer; undefined drops the line instead of answering. */
export type Tamper = (path: string, body: Buffer) => Buffer | undefined;

export interface TamperingProxy extends AsyncDisposable {
  readonly url: string;
  tamper: Tamper;
}

/** Fields that belong to the bytes as they were. */
const DROPPED = ['content-length', 'etag', 'repr-digest', 'transfer-encoding'];

/** Stands between a page and its node and changes what passes; event streams pass as they are. */
export async function startProxy(target: string): Promise<TamperingProxy> {
  const sockets = new Set<ServerResponse>();
  const proxy = { url: '', tamper: ((_path, body) => body) as Tamper };
  const server = createServer((incoming, outgoing) => {
    sockets.add(outgoing);
    outgoing.on('close', () => sockets.delete(outgoing));
    const { method, url: path } = incoming;
    // Uncompressed, so that bytes can be changed where they are.
    const headers = { ...incoming.headers, 'accept-encoding': 'identity' };
    const asked = request(target + (path ?? '/'), { method, headers }, (answer) =>
      pass(answer, outgoing, (body) => proxy.tamper(path ?? '/', body)),
    );
    asked.on('error', () => outgoing.destroy());
    incoming.pipe(asked);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(proxy, {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  });
}

function pass(
  answer: IncomingMessage,
  outgoing: ServerResponse,
  tamper: (body: Buffer) => Buffer | undefined,
): void {
  const status = answer.statusCode ?? 502;
  if (answer.headers['content-type']?.includes('event-stream') === true) {
    outgoing.writeHead(status, answer.headers);
    answer.pipe(outgoing);
    return;
  }
  const parts: Buffer[] = [];
  answer.on('data', (part: Buffer) => parts.push(part));
  answer.on('end', () => {
    const body = tamper(Buffer.concat(parts));
    if (body === undefined) {
      outgoing.destroy();
      return;
    }
    const headers = { ...answer.headers };
    for (const name of DROPPED) delete headers[name];
    outgoing.writeHead(status, headers);
    outgoing.end(body);
  });
}

/** The bytes with one bit changed; negative positions count from the end. */
export function flipAt(body: Buffer, position: number): Buffer {
  const copy = Buffer.from(body);
  const at = position < 0 ? copy.length + position : position;
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}
