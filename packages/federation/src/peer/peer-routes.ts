import type { Clock, Signer } from '@basalt/protocol';
import type { Route } from '../routes.ts';
import type { Discovery } from './discovery.ts';
import { PeerError } from './errors.ts';
import { formatHello } from './hello.ts';
import { jsonObject, textMember } from './json-body.ts';
import { PEERS_TOLD_MAX, URL_CHARACTERS_MAX } from './limits.ts';
import { nodeId } from './node-id.ts';
import type { PeerBook } from './peer-book.ts';
import { normalPeerUrl } from './peer-url.ts';
import { jsonResponse, tellingProblems } from './problem.ts';
import type { Caller, PeerCall } from './verify-request.ts';

export interface PeerRouteParts {
  readonly book: PeerBook;
  readonly discovery: Discovery;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly roles: readonly string[];
  readonly origin: string;
  readonly ownUrl: () => string | undefined;
  readonly isOpen: boolean;
  /** Checks the signature of any key, known or not. @throws PeerError */
  readonly verify: (request: PeerCall) => Caller;
}

/** `GET /peers`, `GET /peers/hello`, `POST /peers`. */
export function peerRoutes(parts: PeerRouteParts): Route[] {
  const { book, discovery, signer, clock, ownUrl } = parts;
  return [
    {
      method: 'GET',
      path: '/peers',
      summary: 'This node and the peers that have shown who they are',
      bodyBytesMax: 0,
      cost: 1,
      handle: async () => {
        const peers = book
          .all()
          .flatMap(({ hello, lies }) => (hello === undefined || lies > 0 ? [] : [hello]))
          .slice(0, PEERS_TOLD_MAX)
          .map(({ id, url, roles, origin }) => ({ id, url, roles, origin }));
        const { roles, origin } = parts;
        const self = { id: nodeId(signer.publicKey), url: ownUrl() ?? null, roles, origin };
        return jsonResponse({ self, peers }, 200, 'public, max-age=5');
      },
    },
    {
      method: 'GET',
      path: '/peers/hello',
      summary: 'Who this node is, signed with its peer key over ?nonce= (hex)',
      bodyBytesMax: 0,
      cost: 4,
      handle: tellingProblems(async ({ query }) => {
        const nonce = query.get('nonce') ?? '';
        if (!/^[0-9a-f]{16,128}$/.test(nonce)) {
          throw new PeerError('bad-request', 'expected a nonce of 16 to 128 hex digits');
        }
        const url = ownUrl();
        if (url === undefined) {
          throw new PeerError('not-found', 'this node has no address to be reached at');
        }
        const createdSeconds = Math.floor(clock.nowMs() / 1_000);
        const { roles, origin } = parts;
        const body = formatHello({ url, roles, origin, createdSeconds }, nonce, signer);
        const fields = [
          ['Content-Type', 'text/plain; charset=utf-8'],
          ['Cache-Control', 'no-store'],
        ] as const;
        return { status: 200, fields, body };
      }),
    },
    {
      method: 'POST',
      path: '/peers',
      summary: 'Tells the address of a node, signed by it; it is greeted before it is believed',
      bodyBytesMax: 2_048,
      cost: 16,
      handle: tellingProblems(async (request) => {
        const caller = parts.verify(request);
        const object = jsonObject(request.body);
        const url = normalPeerUrl(textMember(object, 'url', URL_CHARACTERS_MAX));
        const isMet = book.byId(caller.id)?.url === url;
        if (isMet) return jsonResponse({ status: 'known' });
        // A configured peer may have a new key; anybody else comes in by discovery only.
        if (book.get(url)?.isStatic !== true && !parts.isOpen) {
          throw new PeerError('unknown-peer', 'this node takes no peers beside its own list');
        }
        if (book.get(url)?.isStatic === true) {
          const { id } = await discovery.greet(url);
          return jsonResponse({ status: id === caller.id ? 'met' : 'refused' });
        }
        discovery.hear(url);
        return jsonResponse({ status: 'heard' }, 202);
      }),
    },
  ];
}
