import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../errors.ts';
import type { MemoryBudget } from './memory-budget.ts';

/** A whole request body, and what gives its bytes back to the budget. */
export interface Body {
  readonly bytes: Uint8Array;
  release(): void;
}

/**
 * Reads a request body and stops at the limit, whether or not the length was announced; the
 * connection is closed behind a body that is too large, so that the rest is never read.
 *
 * @throws GatewayError `body-too-large`, `overloaded` (the budget is used up), `timeout` (the
 *   client went away), `unsupported-media-type` (a content coding)
 */
export async function readBody(
  request: IncomingMessage,
  bytesMax: number,
  budget: MemoryBudget,
): Promise<Body> {
  assertNoCoding(request);
  const announced = request.headers['content-length'];
  if (announced !== undefined && Number(announced) > bytesMax) throw tooLarge(bytesMax);
  const chunks: Buffer[] = [];
  let taken = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (taken + chunk.length > bytesMax) throw tooLarge(bytesMax);
      if (!budget.take(chunk.length)) throw overloaded();
      taken += chunk.length;
      chunks.push(chunk);
    }
  } catch (error) {
    budget.give(taken);
    if (error instanceof GatewayError) throw error;
    throw new GatewayError('timeout', 'expected a whole body; the client went away', {}, CLOSE);
  }
  const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, taken);
  return { bytes, release: () => budget.give(taken) };
}

/** The rest of such a body is not read, so the connection cannot be used again. */
const CLOSE: readonly string[] = ['Connection', 'close'];

function tooLarge(bytesMax: number): GatewayError {
  const message = `expected a body of at most ${bytesMax} bytes`;
  return new GatewayError('body-too-large', message, { bytesMax }, CLOSE);
}

function overloaded(): GatewayError {
  return new GatewayError('overloaded', 'too many uploads at once, try again', {}, [
    ...CLOSE,
    'Retry-After',
    '1',
  ]);
}

/** Signed bytes are small and dense; a decompressor in front of the limit is a bomb's doorway. */
function assertNoCoding(request: IncomingMessage): void {
  const coding = request.headers['content-encoding'];
  if (coding === undefined || coding.toLowerCase() === 'identity') return;
  throw new GatewayError('unsupported-media-type', 'expected a body without content coding', {}, [
    'Accept-Encoding',
    'identity',
    ...CLOSE,
  ]);
}

/**
 * @throws GatewayError `unsupported-media-type` unless the body has one of these media types; a
 *   body without a type is taken for the first of them, as RFC 9110 section 8.3 allows
 */
export function assertMediaType(request: IncomingMessage, ...types: readonly string[]): void {
  const value = request.headers['content-type'];
  if (value === undefined) return;
  const type = (value.split(';', 1)[0] as string).trim().toLowerCase();
  if (types.includes(type)) return;
  throw new GatewayError(
    'unsupported-media-type',
    `expected a body of type ${types.join(' or ')}`,
    {},
    ['Accept', types.join(', ')],
  );
}
