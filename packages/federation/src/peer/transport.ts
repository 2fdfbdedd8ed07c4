import type { Scheduler } from '@basalt/protocol';
import { PeerError } from './errors.ts';
import { PEER_TIMEOUT_MS } from './limits.ts';

export interface TransportRequest {
  /** Address of the node, without a trailing slash. */
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly target: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Longest body that is read. */
  readonly bytesMax: number;
}

export interface TransportReply {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Uint8Array;
  /** The body went on after `bytesMax`, and was let go. */
  readonly isCut: boolean;
  /** From the question to the first byte of the answer; absent where nobody measures. */
  readonly roundTripSeconds?: number;
}

/** The way to other nodes; a simulation brings its own. Throws PeerError `unreachable` only. */
export type PeerTransport = (request: TransportRequest) => Promise<TransportReply>;

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Over HTTP by `fetch`: no redirects, no cookies, one time limit from request to last byte. */
export function createFetchTransport(parts: {
  readonly fetch: Fetch;
  readonly scheduler: Scheduler;
  readonly timeoutMs?: number;
  /** Milliseconds that only go up; without it round trips are not measured. */
  readonly nowMs?: () => number;
}): PeerTransport {
  const timeoutMs = parts.timeoutMs ?? PEER_TIMEOUT_MS;
  return async ({ url, method, target, fields, body, bytesMax }) => {
    const controller = new AbortController();
    const startMs = parts.nowMs?.() ?? 0;
    const cancel = parts.scheduler.after(timeoutMs, () => controller.abort());
    try {
      const response = await parts.fetch(url + target, {
        method,
        headers: { ...fields },
        ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
        redirect: 'error',
        credentials: 'omit',
        signal: controller.signal,
      });
      const { nowMs } = parts;
      const took = nowMs === undefined ? {} : { roundTripSeconds: (nowMs() - startMs) / 1_000 };
      const read = await readBody(response, bytesMax);
      const header = (name: string): string | undefined => response.headers.get(name) ?? undefined;
      return { status: response.status, header, ...read, ...took };
    } catch (error) {
      const why = controller.signal.aborted ? `no whole answer in ${timeoutMs} ms` : reason(error);
      throw new PeerError('unreachable', `${url}: ${why}`, { url }, { cause: error });
    } finally {
      cancel();
    }
  };
}

async function readBody(
  response: Response,
  bytesMax: number,
): Promise<{ body: Uint8Array; isCut: boolean }> {
  const reader = response.body?.getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const next = await reader?.read();
    if (next === undefined || next.done) break;
    length += next.value.length;
    if (length > bytesMax) {
      await reader?.cancel().catch(() => undefined);
      return { body: new Uint8Array(0), isCut: true };
    }
    pieces.push(next.value);
  }
  const body = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    body.set(piece, offset);
    offset += piece.length;
  }
  return { body, isCut: false };
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
