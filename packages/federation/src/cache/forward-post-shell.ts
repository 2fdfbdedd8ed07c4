import type { IncomingMessage } from 'node:http';
import type { CacheAnswer } from './answer.ts';
import { BODY_BYTES_MAX, POST_BYTES_HELD_MAX, QUESTION_BYTES_MAX } from './limits.ts';
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

const CLOSE: readonly Field[] = [['connection', 'close']];

/** The batch request reads, although it is a POST. */
export function isReadByPost(target: string): boolean {
  return target === '/blocks/fetch';
}

/** Bytes of bodies in memory, over all POSTs of one cache. */
export interface HeldPosts {
  bytes: number;
}

/** Sends a POST to one upstream; never twice, the client knows whether it wants to repeat it. */
export async function forwardPost(
  request: IncomingMessage,
  upstreams: Upstreams,
  transport: UpstreamTransport,
  held: HeldPosts,
): Promise<CacheAnswer> {
  const bytesMax = isReadByPost(request.url ?? '/') ? QUESTION_BYTES_MAX : BODY_BYTES_MAX;
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    // Not destroyed on return, or the refusal could not be sent.
    for await (const piece of request.iterator({ destroyOnReturn: false })) {
      const { length } = piece as Buffer;
      bytes += length;
      held.bytes += length;
      if (bytes > bytesMax) {
        return problem(413, 'body-too-large', `expected at most ${bytesMax} bytes`, CLOSE);
      }
      if (held.bytes > POST_BYTES_HELD_MAX) {
        return problem(503, 'overloaded', 'too many bodies at a time', [
          ['retry-after', '1'],
          ...CLOSE,
        ]);
      }
      pieces.push(piece as Buffer);
    }
    return await passOn(request, Buffer.concat(pieces), upstreams, transport);
  } finally {
    held.bytes -= bytes;
  }
}

async function passOn(
  request: IncomingMessage,
  body: Buffer,
  upstreams: Upstreams,
  transport: UpstreamTransport,
): Promise<CacheAnswer> {
  const fields: Field[] = FIELDS.flatMap((name) => {
    const value = request.headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  const [url = ''] = upstreams.configured();
  const target = request.url ?? '/';
  try {
    const call = { url, method: 'POST' as const, target, fields, body, bytesMax: BODY_BYTES_MAX };
    const reply = await transport(call);
    const length: Field = ['content-length', String(reply.body.length)];
    return { ...reply, fields: [...endToEndFields(reply.fields), length] };
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    if (error.code !== 'stream') upstreams.report(url, false);
    return problem(error.code === 'timeout' ? 504 : 502, error.code, error.message);
  }
}
