import type { Ledger, SubmitOutcome } from '@basalt/ledger';
import {
  type Block,
  FORK_PROOF_BYTES_MAX,
  fromHex,
  HASH_BYTES,
  ProtocolError,
  toHex,
} from '@basalt/protocol';
import type { IncomingCall } from '../peer/authenticate.ts';
import { PeerError } from '../peer/errors.ts';
import type { PeerBook } from '../peer/peer-book.ts';
import { jsonResponse, tellingProblems } from '../peer/problem.ts';
import type { Route, RouteRequest, RouteResponse } from '../routes.ts';
import { decodeAnnouncement } from './announce.ts';
import type { Announcer } from './announcer.ts';
import { readForkProof } from './fork-exchange.ts';
import { FORK_TYPE, type ForkKeeper } from './fork-keeper.ts';
import type { HeldTree } from './held-tree.ts';
import {
  ANNOUNCE_BYTES_MAX,
  PUSH_ON_BYTES_MAX,
  RELAY_BLOCKS_MAX,
  RELAY_BYTES_MAX,
  TREE_LEVELS,
  TREE_LEVELS_MAX,
} from './limits.ts';
import { isBesideName, isPassing } from './log-puller.ts';
import { BLOCKS_TYPE, decodeBlocks } from './log-reader.ts';
import type { Relay } from './relay.ts';
import { treeView } from './tree-view.ts';

export interface RelayRouteParts {
  readonly relay: Relay;
  readonly forks: ForkKeeper;
  readonly held: HeldTree;
  readonly ledger: Ledger;
  readonly announcer: Announcer;
  readonly book: PeerBook;
  /** @throws PeerError */
  readonly authenticate: (request: RouteRequest) => IncomingCall;
}

/** `POST /announce`, `POST /relay`, `POST /forks`, `GET /fork-proofs`, `GET /super-tree`. */
export function relayRoutes(parts: RelayRouteParts): Route[] {
  return [
    announceRoute(parts),
    relayRoute(parts),
    forkRoute(parts),
    forkListRoute(parts),
    treeRoute(parts),
  ];
}

function announceRoute({ relay, book, authenticate }: RelayRouteParts): Route {
  return {
    method: 'POST',
    path: '/announce',
    summary: 'Says that a block exists; it is fetched from the caller where that is a peer',
    bodyBytesMax: ANNOUNCE_BYTES_MAX,
    cost: 2,
    handle: tellingProblems(async (request) => {
      const { caller, path, isLoop } = authenticate(request);
      const announcement = decodeAnnouncement(request.body);
      if (isLoop) return jsonResponse({ status: 'loop' });
      const peer = caller === undefined ? undefined : book.byId(caller.id);
      const from = { id: peer?.hello?.id, url: peer?.url };
      const status = await relay.announced(announcement, from, path);
      return jsonResponse({ status }, status === 'fetching' ? 202 : 200);
    }),
  };
}

function relayRoute(parts: RelayRouteParts): Route {
  return {
    method: 'POST',
    path: '/relay',
    summary: `Takes whole blocks (${BLOCKS_TYPE}) and passes them on`,
    bodyBytesMax: RELAY_BYTES_MAX,
    cost: 32,
    handle: tellingProblems(async (request) => {
      const call = parts.authenticate(request);
      if (call.isLoop) return jsonResponse({ status: 'loop', outcomes: [] });
      return takeBlocks(parts, call, request.body);
    }),
  };
}

async function takeBlocks(
  { relay, ledger, book, held, announcer }: RelayRouteParts,
  { caller, path }: IncomingCall,
  body: Uint8Array,
): Promise<RouteResponse> {
  const blocks = readBlocks(body);
  const peer = caller === undefined ? undefined : book.byId(caller.id);
  for (const { entry } of blocks) {
    const { namespace } = entry.header;
    const isNew = held.value(namespace) === undefined;
    // Anybody could fill a disk with new namespaces; configured peers answer for theirs.
    if (isNew && peer?.isStatic !== true) {
      throw new PeerError('unknown-peer', `this node does not copy namespace ${namespace}`);
    }
  }
  const outcomes = await ledger.submit(blocks);
  for (const outcome of outcomes) {
    if (outcome.status !== 'rejected') relay.cameBy(outcome.blockHash, path);
    else if (isMissingSome(outcome)) {
      if (peer !== undefined) relay.want(outcome.namespace, peer.url);
    } else if (!isPassing(outcome.code) && !isBesideName(outcome.code))
      relay.refuse(outcome.blockHash, outcome.code);
  }
  const isNews = outcomes.some(({ status }) => status === 'accepted');
  if (isNews && body.length <= PUSH_ON_BYTES_MAX) {
    const except = new Set(peer?.hello === undefined ? [] : [peer.hello.id]);
    const told = announcer.tell({ target: '/relay', mediaType: BLOCKS_TYPE, body, path, except });
    void told.then((ids) => {
      for (const { blockHash } of outcomes) relay.cameBy(blockHash, [...path, ...ids]);
    });
  }
  return jsonResponse({ status: 'taken', outcomes: outcomes.map(describe) });
}

function readBlocks(body: Uint8Array): Block[] {
  try {
    return decodeBlocks(body, RELAY_BLOCKS_MAX);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new PeerError('bad-request', error.message, {}, { cause: error });
  }
}

/** Blocks before it are not here yet: they are asked for, and the block comes with them. */
function isMissingSome({ code }: Extract<SubmitOutcome, { status: 'rejected' }>): boolean {
  return code === 'invalid-index' || code === 'unknown-namespace';
}

function describe(outcome: SubmitOutcome): Record<string, unknown> {
  const { status, index, blockHash } = outcome;
  const told = { status, index, hash: toHex(blockHash) };
  return outcome.status === 'rejected'
    ? { ...told, code: outcome.code, message: outcome.message }
    : told;
}

function forkRoute({ forks, authenticate }: RelayRouteParts): Route {
  return {
    method: 'POST',
    path: '/forks',
    summary: 'Takes a fork proof; it speaks for itself, so anybody may bring one',
    bodyBytesMax: FORK_PROOF_BYTES_MAX,
    cost: 8,
    handle: tellingProblems(async (request) => {
      const { path, isLoop } = wayOf(request, authenticate);
      if (isLoop) return jsonResponse({ status: 'loop' });
      const status = await forks.receive(request.body, path);
      return jsonResponse({ status }, status === 'refused' ? 422 : 200);
    }),
  };
}

/** A stranger brings a proof as the unsigned do: without a way that is believed. */
function wayOf(
  request: RouteRequest,
  authenticate: RelayRouteParts['authenticate'],
): Pick<IncomingCall, 'path' | 'isLoop'> {
  if (request.header('signature-input') === undefined) return { path: [], isLoop: false };
  try {
    return authenticate(request);
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    return { path: [], isLoop: false };
  }
}

function forkListRoute({ forks }: RelayRouteParts): Route {
  return {
    method: 'GET',
    path: '/fork-proofs',
    summary: 'Hashes of the fork proofs that are known here, or with ?hash= one of the proofs',
    bodyBytesMax: 0,
    cost: 1,
    handle: tellingProblems(async ({ query }) => {
      const hash = query.get('hash');
      if (hash === null) {
        return jsonResponse({ forks: forks.known().map((known) => ({ hash: known })) });
      }
      const body = await readForkProof(forks, hash);
      return { status: 200, fields: [['Content-Type', FORK_TYPE]], body };
    }),
  };
}

function treeRoute({ held }: RelayRouteParts): Route {
  return {
    method: 'GET',
    path: '/super-tree',
    summary: 'Nodes of the tree over what is held: ?key= (hex), &depth= (bits), &levels=',
    bodyBytesMax: 0,
    cost: 2,
    handle: tellingProblems(async ({ query }) => {
      const key = query.get('key') ?? '00'.repeat(HASH_BYTES);
      const depth = Number(query.get('depth') ?? 0);
      const levels = Number(query.get('levels') ?? TREE_LEVELS);
      const isGood =
        /^[0-9a-f]{64}$/.test(key) &&
        Number.isInteger(depth) &&
        depth >= 0 &&
        depth <= 8 * HASH_BYTES &&
        Number.isInteger(levels) &&
        levels >= 0 &&
        levels <= TREE_LEVELS_MAX;
      if (!isGood) {
        throw new PeerError('bad-request', 'expected a key of 32 bytes, a depth and few levels');
      }
      return jsonResponse(treeView(held, { key: fromHex(key), depth }, levels));
    }),
  };
}
