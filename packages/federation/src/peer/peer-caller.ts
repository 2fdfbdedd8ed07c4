import { type Clock, fromUtf8, type Random, type Signer } from '@basalt/protocol';
import { inSpan, traceparent } from '@basalt/telemetry';
import { PeerError } from './errors.ts';
import { PEER_JSON_BYTES_MAX } from './limits.ts';
import { formatPath, type PathList } from './path-list.ts';
import { authorityOf } from './peer-url.ts';
import { PATH_FIELD, signRequest } from './sign-request.ts';
import type { PeerTransport, TransportReply } from './transport.ts';

export interface PeerCallRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** Path and query below the node's address. */
  readonly target: string;
  readonly body?: Uint8Array;
  readonly mediaType?: string;
  readonly accept?: string;
  /** Nodes that the matter has come through, this one last. */
  readonly path?: PathList;
  readonly bytesMax?: number;
}

/** Calls other nodes in this node's name. */
export interface PeerCaller {
  /** A signed call, whatever it is answered with. @throws PeerError `unreachable` */
  send(request: PeerCallRequest): Promise<TransportReply>;
  /** An unsigned read: what is public needs no name, and caches may answer it. */
  read(request: Omit<PeerCallRequest, 'method' | 'body' | 'path'>): Promise<TransportReply>;
}

export function createPeerCaller(parts: {
  readonly transport: PeerTransport;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of each call that was answered, where the transport measures. */
  readonly onRoundTrip?: (url: string, seconds: number) => void;
}): PeerCaller {
  const { signer, clock, random, onRoundTrip } = parts;
  const transport: PeerTransport = async (request) => {
    const reply = await parts.transport(request);
    const { roundTripSeconds } = reply;
    if (roundTripSeconds !== undefined) onRoundTrip?.(request.url, roundTripSeconds);
    return reply;
  };
  return {
    send({ url, method, target, body = new Uint8Array(0), ...more }) {
      const { mediaType = 'application/json', path, bytesMax = PEER_JSON_BYTES_MAX } = more;
      const base = new URL(url).pathname.replace(/\/+$/, '');
      const fields: Record<string, string> = { accept: more.accept ?? 'application/json' };
      if (method === 'POST') fields['content-type'] = mediaType;
      if (path !== undefined && path.length > 0) fields[PATH_FIELD] = formatPath(path);
      const authority = authorityOf(url);
      const signed = signRequest(
        { method, target: base + target, authority, fields, body },
        { signer, random, nowMs: clock.nowMs() },
      );
      const sent = method === 'POST' ? { body } : {};
      return traced(method, authority, (trace) =>
        transport({ url, method, target, fields: { ...signed, ...trace }, ...sent, bytesMax }),
      );
    },
    read({ url, target, accept = 'application/json', bytesMax = PEER_JSON_BYTES_MAX }) {
      return traced('GET', authorityOf(url), (trace) =>
        transport({ url, method: 'GET', target, fields: { accept, ...trace }, bytesMax }),
      );
    },
  };
}

/** A call to a peer in a span of its own, whose id goes along: both nodes make one trace. */
function traced(
  method: string,
  peer: string,
  call: (fields: Readonly<Record<string, string>>) => Promise<TransportReply>,
): Promise<TransportReply> {
  return inSpan(
    `peer ${method}`,
    { kind: 'client', begins: true, fields: { peer } },
    async (span) => {
      const here = traceparent();
      const reply = await call(here === undefined ? {} : { traceparent: here });
      span.tell({ 'http.status': reply.status });
      return reply;
    },
  );
}

/** A reply with status 200 to 299. @throws PeerError `not-found`, `refused`, `bad-answer` */
export function requireOk(reply: TransportReply, what: string): TransportReply {
  if (reply.isCut) throw new PeerError('bad-answer', `${what}: the answer does not end`);
  if (reply.status >= 200 && reply.status < 300) return reply;
  const code = reply.status === 404 || reply.status === 410 ? 'not-found' : 'refused';
  const detail = detailOf(reply);
  throw new PeerError(code, `${what}: status ${reply.status}${detail}`, { status: reply.status });
}

function detailOf(reply: TransportReply): string {
  try {
    const { detail } = JSON.parse(fromUtf8(reply.body)) as { detail?: unknown };
    return typeof detail === 'string' ? `, ${detail.slice(0, 300)}` : '';
  } catch {
    return '';
  }
}
