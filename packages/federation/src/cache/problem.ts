import type { CacheAnswer } from './answer.ts';
import type { Field } from './stored.ts';

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request is not in form',
  404: 'Nothing is here',
  405: 'The method is not for this cache',
  412: 'What is here is another form',
  414: 'The address is too long',
  416: 'The range lies outside',
  429: 'Too much from one address',
  502: 'No upstream gave a good answer',
  503: 'Not now, try again',
  504: 'No upstream answered in time',
};

/** A problem document (RFC 9457). */
export function problem(
  status: number,
  code: string,
  detail: string,
  fields: readonly Field[] = [],
): CacheAnswer {
  const title = TITLES[status] ?? code;
  const document = { type: `urn:basalt:error:${code}`, title, status, detail, code };
  const body = new TextEncoder().encode(JSON.stringify(document));
  return {
    status,
    fields: [
      ['content-type', 'application/problem+json'],
      ['cache-control', 'no-store'],
      ['access-control-allow-origin', '*'],
      ...fields,
      ['content-length', String(body.length)],
    ],
    body,
  };
}

/** More than this cache takes at a time. */
export function overloaded(detail = 'too many questions to upstreams'): CacheAnswer {
  return problem(503, 'overloaded', detail, [['retry-after', '1']]);
}

/** Streams are passed on where their addresses say so; what turns out to be one has no answer. */
export function noStream(fields: readonly Field[]): CacheAnswer {
  const words = 'this streams, and a cache passes on /events and /chains/{namespace}/events alone';
  return problem(404, 'not-found', `${words}: ask the node`, fields);
}
