import type { RouteRequest, RouteResponse } from '../routes.ts';
import { PeerError, type PeerErrorCode } from './errors.ts';

const STATUS: Readonly<Record<PeerErrorCode, number>> = {
  'bad-answer': 502,
  'bad-request': 400,
  'clock-skew': 401,
  'digest-mismatch': 400,
  'hello-invalid': 400,
  'not-found': 404,
  refused: 502,
  replayed: 401,
  'signature-invalid': 401,
  'signature-malformed': 400,
  'signature-missing': 401,
  'too-many-calls': 429,
  'too-many-hops': 400,
  'unknown-peer': 403,
  unreachable: 503,
  'url-refused': 403,
};

/** A problem document (RFC 9457) for a refused call. */
export function problemResponse({ code, message, metadata }: PeerError): RouteResponse {
  const status = STATUS[code];
  const fields: [string, string][] = [
    ['Content-Type', 'application/problem+json'],
    ['Cache-Control', 'no-store'],
  ];
  if (status === 401) fields.push(['WWW-Authenticate', 'Signature realm="basalt-peer"']);
  if (status === 429 || status === 503) fields.push(['Retry-After', '5']);
  const type = `urn:basalt:error:${code}`;
  const body = JSON.stringify({ ...metadata, type, title: code, status, detail: message, code });
  return { status, fields, body };
}

/** The handler, with what it refuses told as a problem document. */
export function tellingProblems(
  handle: (request: RouteRequest) => Promise<RouteResponse>,
): (request: RouteRequest) => Promise<RouteResponse> {
  return async (request) => {
    try {
      return await handle(request);
    } catch (error) {
      if (error instanceof PeerError) return problemResponse(error);
      throw error;
    }
  };
}

export function jsonResponse(value: unknown, status = 200, cache = 'no-store'): RouteResponse {
  return {
    status,
    fields: [
      ['Content-Type', 'application/json'],
      ['Cache-Control', cache],
    ],
    body: JSON.stringify(value),
  };
}
