import type { IncomingMessage, ServerResponse } from 'node:http';
import { toHex } from '@basalt/protocol';
import { digestOf } from './http/digest.ts';
import { formatLinks, type Link } from './http/link.ts';
import { encodeProblem, PROBLEM_MEDIA_TYPE, type Problem } from './http/problem.ts';
import { Representation } from './http/representation.ts';
import { DATA_FIELDS, PRIVATE_FIELDS } from './http/security-fields.ts';
import { sendBytes, sendRepresentation } from './http/send.ts';
import { JSON_TYPE } from './media-types.ts';

export interface JsonOptions {
  readonly cacheControl: string;
  /** Without quotes; the digest of the text where absent. */
  readonly tag?: string;
  readonly links?: readonly Link[];
  /** Accept chose this view. */
  readonly negotiated?: boolean;
  readonly compress?: boolean;
}

/** Answers a GET or HEAD with JSON under the rules of conditional requests. */
export async function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  value: unknown,
  options: JsonOptions,
): Promise<void> {
  const body = Buffer.from(JSON.stringify(plain(value)));
  const digest = digestOf(body);
  const links = options.links ?? [];
  await sendRepresentation(
    request,
    response,
    new Representation({
      body,
      mediaType: JSON_TYPE,
      tag: options.tag ?? digest.slice('sha-256=:'.length, -1),
      cacheControl: options.cacheControl,
      digest,
      compress: options.compress === true,
      ...(options.negotiated === true ? { vary: 'Accept' } : {}),
      ...(links.length === 0 ? {} : { fields: ['Link', formatLinks(links)] }),
    }),
  );
}

/** Answers a POST with JSON; `fields` are names and values in turn. */
export function sendResult(
  response: ServerResponse,
  status: number,
  value: unknown,
  fields: readonly string[],
  security: readonly string[],
): void {
  const own = ['Content-Type', JSON_TYPE, ...security, ...fields];
  sendBytes(response, status, own, JSON.stringify(plain(value)));
}

/** Answers with a problem document; a stream that has begun is cut instead. */
export function sendProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const isRead = response.req.method === 'GET' || response.req.method === 'HEAD';
  const fields = [
    'Content-Type',
    PROBLEM_MEDIA_TYPE,
    ...(isRead ? [...DATA_FIELDS, 'Cache-Control', 'no-store'] : PRIVATE_FIELDS),
    ...problem.fields,
    ...(isRead ? pointerTo(problem.metadata['source'], response.req.url) : []),
  ];
  sendBytes(response, problem.status, fields, encodeProblem(problem));
}

/** The same address at the node that has it. */
function pointerTo(source: unknown, target: string | undefined): readonly string[] {
  if (typeof source !== 'string' || target === undefined) return [];
  const url = URL.parse(source + target);
  return url === null ? [] : ['Link', formatLinks([{ target: url.href, rel: 'alternate' }])];
}

/** A value as JSON writes it: bytes as lower-case hex, without undefined members. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) copy[key] = plain(member);
  }
  return copy;
}
