import { createServer } from 'node:http';
import { type LoopbackServer, listenOnLoopback } from '../../../../tools/testing/loopback.ts';

export interface ForwardedAnswer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** After its body come more bytes, for ever. */
  readonly endless?: boolean;
}

/** What a forwarder makes of an answer; undefined cuts the line. */
export type ChangeAnswer = (target: string, answer: ForwardedAnswer) => ForwardedAnswer | undefined;

/** A lie that only a look at the bytes finds: the last byte of each page of blocks. */
export const lastByteChanged: ChangeAnswer = (target, answer) => {
  const { body } = answer;
  if (target.includes('/blocks?')) body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
  return answer;
};

/** Stands before a node and passes GET on, with answers changed as the test wants. */
export function startForwarder(url: string, change: ChangeAnswer): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    void (async () => {
      const target = request.url ?? '/';
      const accept = request.headers.accept ?? '*/*';
      const reply = await fetch(url + target, { headers: { accept } });
      const kept = ['content-type', 'cache-control', 'etag', 'link', 'retry-after'];
      const fields = [...reply.headers].filter(([name]) => kept.includes(name));
      const body = Buffer.from(await reply.arrayBuffer());
      const given = { status: reply.status, fields: Object.fromEntries(fields), body };
      const answer = change(target, given);
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
