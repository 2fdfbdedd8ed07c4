import type { Ledger } from '@basalt/ledger';
import {
  encodeBundle,
  formatVerifierKey,
  type NamespaceId,
  ProtocolError,
  parseTilePath,
  TILE_WIDTH,
  tileWidth,
  toBase64,
} from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import { jsonResponse, tellingProblems } from '../peer/problem.ts';
import type { Route, RouteRequest, RouteResponse } from '../routes.ts';
import type { ForkKeeper } from './fork-keeper.ts';
import { PULLS_WAITING_MAX } from './limits.ts';
import type { HeldNote, LogName, Origin, Origins } from './origins.ts';

export interface OriginRouteParts {
  readonly ledger: Ledger;
  readonly origins: Origins;
  readonly forks: ForkKeeper;
  /** The note as it is served: a mirror adds its cosignature. */
  readonly servedNote: (origin: Origin, log: LogName, note: HeldNote) => string;
}

const IMMUTABLE = 'public, max-age=31536000, immutable';
const PARTIAL = 'public, max-age=60';
const HEAD = 'public, max-age=1, stale-while-revalidate=5, stale-if-error=86400';

/**
 * The logs of other origins as tlog-tiles under `/mirrors/<SHA-256 of the origin>`: each origin's
 * own signed note, and tiles that hash to it. Whoever trusts the origin's key needs no trust here.
 */
export function originRoutes(parts: OriginRouteParts): Route[] {
  return [
    listRoute(parts),
    originRoute(parts),
    ...(['/ns/:uuid', '/super'] as const).flatMap((log) => [
      checkpointRoute(parts, log),
      tileRoute(parts, log),
    ]),
  ];
}

function listRoute({ origins, forks }: OriginRouteParts): Route {
  return {
    method: 'GET',
    path: '/mirrors',
    summary: 'Origins whose checkpoints this node keeps, and logs that were shown to have forked',
    bodyBytesMax: 0,
    cost: 1,
    handle: async () => {
      const list = origins.all().filter(({ isMirrored }) => isMirrored);
      return jsonResponse(
        {
          origins: list.map(({ name, hash, key, trust }) => ({
            origin: name,
            hash,
            verifierKey: formatVerifierKey(key),
            trust,
          })),
          forkedLogs: forks.twoHeaded(),
          forkProofs: (await forks.proofs()).slice(0, 16).map(toBase64),
        },
        200,
        HEAD,
      );
    },
  };
}

function originRoute({ origins }: OriginRouteParts): Route {
  return {
    method: 'GET',
    path: '/mirrors/:origin',
    summary: 'Logs of one origin and the size of the newest checkpoint of each',
    bodyBytesMax: 0,
    cost: 4,
    handle: tellingProblems(async ({ params }) => {
      const origin = findOrigin(origins, params['origin']);
      const logs = origins
        .logs(origin)
        .slice(0, PULLS_WAITING_MAX)
        .map((log) => ({ log, size: origins.held(origin, log)?.size ?? 0 }));
      const superNamespace = origins.superOf(origin) ?? null;
      return jsonResponse({ origin: origin.name, superNamespace, logs }, 200, HEAD);
    }),
  };
}

function checkpointRoute(parts: OriginRouteParts, log: string): Route {
  return {
    method: 'GET',
    path: `/mirrors/:origin${log}/checkpoint`,
    summary: 'The origin’s newest checkpoint that was shown to be one history with the copy here',
    bodyBytesMax: 0,
    cost: 1,
    handle: tellingProblems(async (request) => {
      const { origin, name, note } = find(parts, request);
      return {
        status: 200,
        fields: [
          ['Content-Type', 'text/plain; charset=utf-8'],
          ['Cache-Control', HEAD],
        ],
        body: parts.servedNote(origin, name, note),
      };
    }),
  };
}

function tileRoute(parts: OriginRouteParts, log: string): Route {
  return {
    method: 'GET',
    path: `/mirrors/:origin${log}/tile/:rest{.+}`,
    summary: 'Hash tile or entry bundle (c2sp.org/tlog-tiles) below that checkpoint',
    bodyBytesMax: 0,
    cost: 1,
    handle: tellingProblems((request) => readTile(parts, request)),
  };
}

async function readTile(parts: OriginRouteParts, request: RouteRequest): Promise<RouteResponse> {
  const { namespace, note } = find(parts, request);
  const { level, index, width } = readPath(`tile/${request.params['rest'] ?? ''}`);
  const isEntries = level === 'entries';
  // Only tiles that the checkpoint implies: partial ones of other sizes are nobody's business.
  const there = tileWidth(isEntries ? 0 : level, index, note.size);
  if (width > there) throw notFound('no such tile in a tree of that size');
  const body = isEntries
    ? encodeBundle(await parts.ledger.entries(namespace, index * TILE_WIDTH, width))
    : await parts.ledger.tile(namespace, level, index, width);
  if (body === undefined) throw notFound('the tile is not covered by a checkpoint of ours yet');
  return {
    status: 200,
    fields: [
      ['Content-Type', 'application/octet-stream'],
      ['Cache-Control', width === TILE_WIDTH ? IMMUTABLE : PARTIAL],
    ],
    body,
  };
}

interface Found {
  readonly origin: Origin;
  readonly name: LogName;
  readonly namespace: NamespaceId;
  readonly note: HeldNote;
}

function find(parts: OriginRouteParts, { params }: RouteRequest): Found {
  const origin = findOrigin(parts.origins, params['origin']);
  const uuid = params['uuid'];
  const name = uuid === undefined ? 'super' : (uuid as LogName);
  const namespace = name === 'super' ? parts.origins.superOf(origin) : name;
  const note = parts.origins.held(origin, name);
  if (note === undefined || namespace === undefined) {
    throw notFound('no checkpoint of that log is kept here');
  }
  return { origin, name, namespace, note };
}

function findOrigin(origins: Origins, hash: string | undefined): Origin {
  const origin = origins.get(hash ?? '');
  if (origin?.isMirrored !== true) throw notFound('no origin of that hash is known here');
  return origin;
}

function readPath(path: string): ReturnType<typeof parseTilePath> {
  try {
    return parseTilePath(path);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw notFound('expected a tile path');
  }
}

function notFound(message: string): PeerError {
  return new PeerError('not-found', message);
}
