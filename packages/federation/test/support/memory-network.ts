import { PeerError } from '../../src/peer/errors.ts';
import type { PeerTransport, TransportReply, TransportRequest } from '../../src/peer/transport.ts';
import type { Route, RouteRequest, RouteResponse } from '../../src/routes.ts';

/** What stands at an address: routes, tried in order. */
export interface MemoryHost {
  readonly url: string;
  routes: readonly Route[];
}

interface Compiled {
  readonly method: string;
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly route: Route;
}

/**
 * Nodes that call one another without sockets: the address finds the host, the path its route.
 * Hosts can be cut off, and answers changed on their way.
 */
export class MemoryNetwork {
  readonly #hosts = new Map<string, { host: MemoryHost; compiled: Compiled[] }>();
  readonly #down = new Set<string>();
  /** Requests by host and target, e.g. for counting. */
  readonly log: { readonly from: string; readonly url: string; readonly target: string }[] = [];
  /** Changes an answer before it arrives. */
  tamper: ((request: TransportRequest, reply: TransportReply) => TransportReply) | undefined;

  add(host: MemoryHost): void {
    this.#hosts.set(host.url, { host, compiled: host.routes.map(compile) });
  }

  cutOff(url: string): void {
    this.#down.add(url);
  }

  restore(url: string): void {
    this.#down.delete(url);
  }

  transportOf(from: string): PeerTransport {
    return async (request) => {
      this.log.push({ from, url: request.url, target: request.target });
      const found = this.#hosts.get(request.url);
      if (found === undefined || this.#down.has(request.url) || this.#down.has(from)) {
        throw new PeerError('unreachable', `${request.url}: connection refused`);
      }
      const reply = limited(await answer(found.compiled, request), request.bytesMax);
      return this.tamper?.(request, reply) ?? reply;
    };
  }
}

function compile(route: Route): Compiled {
  const names: string[] = [];
  const source = route.path.replaceAll(/:([A-Za-z]+)(\{\.\+\})?/g, (_, name: string, rest) => {
    names.push(name);
    return rest === undefined ? '([^/]+)' : '(.+)';
  });
  return { method: route.method, pattern: new RegExp(`^${source}$`), names, route };
}

async function answer(routes: readonly Compiled[], request: TransportRequest): Promise<Answer> {
  const [path = '', search = ''] = request.target.split('?', 2);
  for (const { method, pattern, names, route } of routes) {
    const match = method === request.method ? pattern.exec(path) : null;
    if (match === null) continue;
    const body = request.body ?? new Uint8Array(0);
    if (body.length > route.bodyBytesMax) return { status: 413 };
    const asked: RouteRequest = {
      params: Object.fromEntries(names.map((name, i) => [name, match[i + 1] ?? ''])),
      query: new URLSearchParams(search),
      header: (name) => request.fields[name],
      method: request.method,
      target: request.target,
      authority: request.fields['host'] ?? new URL(request.url).host,
      body,
      remoteAddress: '192.0.2.1',
    };
    return await route.handle(asked);
  }
  return { status: 404 };
}

type Answer = RouteResponse;

function limited({ status, fields = [], body = '' }: Answer, bytesMax: number): TransportReply {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const isCut = bytes.length > bytesMax;
  const header = (name: string): string | undefined =>
    fields.find(([key]) => key.toLowerCase() === name)?.[1];
  return { status, header, body: isCut ? new Uint8Array(0) : bytes, isCut };
}
