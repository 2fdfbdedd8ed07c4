import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type LoopbackServer, listenOnLoopback } from '../../../../tools/testing/loopback.ts';

export interface ForwardedAnswer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** After its body come more bytes, for ever. */
  readonly endless?: boolean;
}

export interface ForwardedRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/** What a forwarder makes of an answer; undefined cuts the line. */
export type ChangeAnswer = (
  target: string,
  answer: ForwardedAnswer,
  request: ForwardedRequest,
) => ForwardedAnswer | undefined | Promise<ForwardedAnswer | undefined>;

/** A lie that only a look at the bytes finds: the last byte of each page of blocks. */
export const lastByteChanged: ChangeAnswer = (target, answer) => {
  const { body } = answer;
  if (target.includes('/blocks?')) body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
  return answer;
};

/** Stands before a node and passes requests on, with answers changed as the test wants. */
export function startForwarder(url: string, change: ChangeAnswer): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    void (async () => {
      const target = request.url ?? '/';
      const { method = 'GET' } = request;
      const sent = method === 'GET' ? {} : { body: new Uint8Array(await buffer(request)) };
      const reply = await fetch(url + target, { method, headers: headersOf(request), ...sent });
      const kept = ['content-type', 'cache-control', 'etag', 'link', 'retry-after'];
      const fields = [...reply.headers].filter(([name]) => kept.includes(name));
      const body = Buffer.from(await reply.arrayBuffer());
      const given = { status: reply.status, fields: Object.fromEntries(fields), body };
      const answer = await change(target, given, { method, headers: request.headers });
      if (answer === undefined) {
        response.destroy();
        return;
      }
      response.writeHead(answer.status, answer.fields);
      if (answer.endless !== true) {
        response.end(answer.body);
        return;
      }
      response.write(answer.body);
      const more = Buffer.alloc(65_536);
      const pour = (): void => {
        while (!response.destroyed && response.write(more));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    })().catch(() => response.destroy());
  });
  return listenOnLoopback(server);
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const { accept = '*/*', prefer, 'content-type': mediaType } = headers;
  return {
    accept,
    ...(mediaType === undefined ? {} : { 'content-type': mediaType }),
    ...(typeof prefer === 'string' ? { prefer } : {}),
  };
}
