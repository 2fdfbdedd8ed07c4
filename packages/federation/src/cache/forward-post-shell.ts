import type { IncomingMessage } from 'node:http';
import type { CacheAnswer } from './answer.ts';
import { BODY_BYTES_MAX } from './limits.ts';
import { problem } from './problem.ts';
import { endToEndFields, type Field } from './stored.ts';
import { UpstreamError, type Upstreams, type UpstreamTransport } from './upstreams.ts';

/** Fields that a submission carries. Signed calls of peers cover a host name: they go directly. */
const FIELDS = [
  'accept',
  'authorization',
  'content-digest',
  'content-encoding',
  'content-type',
  'if-match',
  'prefer',
];

/** The batch request reads, although it is a POST. */
export function isReadByPost(target: string): boolean {
  return target === '/blocks/fetch';
}

/** Sends a POST to one upstream; never twice, the client knows whether it wants to repeat it. */
export async function forwardPost(
  request: IncomingMessage,
  upstreams: Upstreams,
  transport: UpstreamTransport,
): Promise<CacheAnswer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += (piece as Buffer).length;
    if (bytes > BODY_BYTES_MAX) {
      return problem(413, 'body-too-large', `expected at most ${BODY_BYTES_MAX} bytes`, [
        ['connection', 'close'],
      ]);
    }
    pieces.push(piece as Buffer);
  }
  const fields: Field[] = FIELDS.flatMap((name) => {
    const value = request.headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  const [url = ''] = upstreams.order();
  const target = request.url ?? '/';
  const body = Buffer.concat(pieces);
  try {
    const call = { url, method: 'POST' as const, target, fields, body, bytesMax: BODY_BYTES_MAX };
    const reply = await transport(call);
    const length: Field = ['content-length', String(reply.body.length)];
    return { ...reply, fields: [...endToEndFields(reply.fields), length] };
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    upstreams.report(url, false);
    return problem(error.code === 'timeout' ? 504 : 502, error.code, error.message);
  }
}
