import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../errors.ts';
import { type Coding, negotiateCoding } from './accept.ts';
import { evaluatePreconditions } from './preconditions.ts';
import { ifRangeHolds, parseRange } from './range.ts';
import type { Form, Representation } from './representation.ts';

/** Distinct Accept-Encoding values remembered; real clients send a handful. */
const CODINGS_MAX = 64;
const codings = new Map<string, Coding>();

function codingFor(acceptEncoding: string | undefined): Coding {
  if (acceptEncoding === undefined) return 'identity';
  const known = codings.get(acceptEncoding);
  if (known !== undefined) return known;
  const coding = negotiateCoding(acceptEncoding);
  if (codings.size < CODINGS_MAX) codings.set(acceptEncoding, coding);
  return coding;
}

/**
 * Answers a GET or HEAD with a representation: coding, preconditions, range, in the order of
 * RFC 9110 section 13.2.2. Returns the status that was sent, at once where nothing has to be coded.
 *
 * @throws GatewayError `precondition-failed`, `range-not-satisfiable`
 */
export function sendRepresentation(
  request: IncomingMessage,
  response: ServerResponse,
  representation: Representation,
): number | Promise<number> {
  if (representation.compressible) {
    const coding = codingFor(request.headers['accept-encoding']);
    if (coding !== 'identity') {
      return representation
        .coded(coding)
        .then((form) =>
          sendForm(request, response, representation, form ?? representation.identity),
        );
    }
  }
  return sendForm(request, response, representation, representation.identity);
}

function sendForm(
  request: IncomingMessage,
  response: ServerResponse,
  representation: Representation,
  form: Form,
): number {
  const headers = request.headers;
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifMatch !== undefined || ifNoneMatch !== undefined) {
    const result = evaluatePreconditions(ifMatch, ifNoneMatch, representation.etags);
    if (result === 'failed') {
      throw new GatewayError('precondition-failed', 'expected If-Match to name the current form', {
        etag: form.etag,
      });
    }
    if (result === 'not-modified') {
      response.writeHead(304, representation.notModifiedFields(form.etag));
      response.end();
      return 304;
    }
  }
  const isHead = request.method === 'HEAD';
  // Range has a meaning for GET alone (section 14.2).
  if (headers.range !== undefined && representation.ranges && !isHead) {
    const status = sendPart(request, response, representation);
    if (status !== undefined) return status;
  }
  response.writeHead(200, form.fields);
  if (isHead) response.end();
  else response.end(form.body);
  return 200;
}

function sendPart(
  request: IncomingMessage,
  response: ServerResponse,
  representation: Representation,
): number | undefined {
  const { body, etag } = representation.identity;
  if (!ifRangeHolds(request.headers['if-range'] as string | undefined, etag)) return undefined;
  const range = parseRange(request.headers.range, body.length);
  if (range.type === 'whole') return undefined;
  if (range.type === 'unsatisfiable') {
    throw new GatewayError(
      'range-not-satisfiable',
      `expected a range within ${body.length} bytes`,
      { length: body.length },
      ['Content-Range', `bytes */${body.length}`],
    );
  }
  const { start, end } = range;
  response.writeHead(206, [
    ...representation.partialFields(),
    'Content-Range',
    `bytes ${start}-${end - 1}/${body.length}`,
    ...(representation.partFields?.(start, end) ?? []),
    'Content-Length',
    String(end - start),
  ]);
  response.end(body.subarray(start, end));
  return 206;
}

/** Answers with bytes that are made for this request alone; HEAD gets the fields. */
export function sendBytes(
  response: ServerResponse,
  status: number,
  fields: readonly string[],
  body: Uint8Array | string,
): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, [...fields, 'Content-Length', String(bytes.length)]);
  if (response.req.method === 'HEAD') response.end();
  else response.end(bytes);
}
