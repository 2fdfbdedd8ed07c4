import { ClientError } from '../errors.ts';
import type { RequestOptions, Transport } from '../transport.ts';
import type { HandshakeContext, Handshakes } from './handshakes.ts';
import type { NegotiatedSession } from './session-cache.ts';

const FIELD = 'basalt-session';

/**
 * A transport whose requests carry the session of their server. A session that the server refuses
 * (over, or forgotten at a restart) is made anew once; where that is refused too, the request goes
 * without one.
 */
export function withSessions(handshakes: Handshakes, context: HandshakeContext): Transport {
  const { transport } = context;

  async function send<Result>(
    options: RequestOptions,
    ask: (fields: Readonly<Record<string, string>>) => Promise<Result>,
  ): Promise<Result> {
    const headers = options.headers ?? {};
    for (let attempt = 0; attempt < 2; attempt++) {
      const session: NegotiatedSession | undefined = await handshakes.open(context);
      if (session === undefined) break;
      try {
        return await ask({ ...headers, [FIELD]: session.token });
      } catch (error) {
        if (!(error instanceof ClientError) || error.code !== 'session-refused') throw error;
        handshakes.drop(session);
      }
    }
    return await ask(headers);
  }

  return {
    url: transport.url,
    request: (path, options = {}) =>
      send(options, (headers) => transport.request(path, { ...options, headers })),
    open: (path, options) =>
      send(options, (headers) => transport.open(path, { ...options, headers })),
  };
}
