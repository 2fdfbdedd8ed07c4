import { HANDSHAKE_BYTES_MAX } from '@basalt/protocol';
import { assertMediaType, readBody } from '../http/body.ts';
import { sendBytes } from '../http/send.ts';
import { HANDSHAKE_TOKENS } from '../limits.ts';
import { BYTES_TYPE, HANDSHAKE_TYPE } from '../media-types.ts';
import { type App, addRoute } from '../route.ts';
import type { Services } from '../services.ts';
import { charge } from '../submit.ts';

export function addHandshakeRoutes(app: App, services: Services, fields: readonly string[]): void {
  addRoute(
    app,
    {
      method: 'post',
      path: '/handshake',
      tag: 'node',
      summary: 'Signed offer in, signed answer with a session token out; authorises nothing',
      body: { [HANDSHAKE_TYPE]: null },
      responses: {
        200: { description: 'The answer', content: { [HANDSHAKE_TYPE]: null } },
      },
      problems: [409, 412, 413, 415, 422],
    },
    async ({ request, response }) => {
      assertMediaType(request, HANDSHAKE_TYPE, BYTES_TYPE);
      charge(services, request, HANDSHAKE_TOKENS);
      const body = await readBody(request, HANDSHAKE_BYTES_MAX, services.budget);
      try {
        const answer = services.handshakes.answer(body.bytes);
        sendBytes(response, 200, ['Content-Type', HANDSHAKE_TYPE, ...fields], answer);
      } finally {
        body.release();
      }
    },
  );
}
