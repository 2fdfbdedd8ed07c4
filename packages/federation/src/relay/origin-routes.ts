import type { Ledger } from '@basalt/ledger';
import { formatVerifierKey, type NamespaceId, toBase64 } from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import { jsonResponse, tellingProblems } from '../peer/problem.ts';
import type { Route, RouteRequest, RouteResponse } from '../routes.ts';
import type { ForkKeeper } from './fork-keeper.ts';
import { PULLS_WAITING_MAX } from './limits.ts';
import { HEAD_CACHING, readLogTile } from './log-tiles.ts';
import { type HeldNote, type LogName, noteLines, type Origin, type Origins } from './origins.ts';

export interface OriginRouteParts {
  readonly ledger: Ledger;
  readonly origins: Origins;
  readonly forks: ForkKeeper;
}

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
        HEAD_CACHING,
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
        .flatMap((log) => {
          const held = origins.held(origin, log);
          return held === undefined ? [] : [{ log, size: held.size, lines: noteLines(held) }];
        });
      const superNamespace = origins.superOf(origin) ?? null;
      return jsonResponse({ origin: origin.name, superNamespace, logs }, 200, HEAD_CACHING);
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
      const { note } = find(parts, request);
      return {
        status: 200,
        fields: [
          ['Content-Type', 'text/plain; charset=utf-8'],
          ['Cache-Control', HEAD_CACHING],
        ],
        body: note.note,
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
  return readLogTile(parts.ledger, namespace, note.size, request.params['rest']);
}

interface Found {
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
  return { namespace, note };
}

function findOrigin(origins: Origins, hash: string | undefined): Origin {
  const origin = origins.get(hash ?? '');
  if (origin?.isMirrored !== true) throw notFound('no origin of that hash is known here');
  return origin;
}

function notFound(message: string): PeerError {
  return new PeerError('not-found', message);
}
