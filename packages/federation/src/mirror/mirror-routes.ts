import type { Ledger } from '@basalt/ledger';
import { ProtocolError, parseAddCheckpoint, parseCheckpoint } from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import { jsonResponse, tellingProblems } from '../peer/problem.ts';
import { HEAD_CACHING, readLogTile } from '../relay/log-tiles.ts';
import type { Origins } from '../relay/origins.ts';
import type { Route, RouteRequest, RouteResponse } from '../routes.ts';
import {
  decodeAddEntriesHead,
  decodePackage,
  formatMirrorInfo,
  MIRROR_INFO_TYPE,
  packageRanges,
} from './add-entries.ts';
import { gunzip } from './gunzip.ts';
import {
  ADD_CHECKPOINT_BYTES_MAX,
  ADD_ENTRIES_BYTES_MAX,
  OVERLAP_MAX,
  PACKAGES_MAX,
} from './limits.ts';
import type { Mirror } from './mirror.ts';
import { findLog, findLogByHash, type MirroredLog } from './mirrored-log.ts';

export interface MirrorRouteParts {
  readonly mirror: Mirror;
  readonly ledger: Ledger;
  readonly origins: Origins;
  /** Whether this node never lets payloads go. */
  readonly keepsPayloads: boolean;
}

const NO_STORE = ['Cache-Control', 'no-store'] as const;

/**
 * c2sp.org/tlog-mirror with the submission prefix `/mirror` and the monitoring prefix `/mirror`:
 * `add-checkpoint`, `add-entries`, and tiles below `/mirror/<SHA-256 of the log's origin line>`.
 */
export function mirrorRoutes(parts: MirrorRouteParts): Route[] {
  return [
    {
      method: 'POST',
      path: '/mirror/add-checkpoint',
      summary: 'Updates the pending checkpoint of a log (c2sp.org/tlog-witness form)',
      bodyBytesMax: ADD_CHECKPOINT_BYTES_MAX,
      cost: 8,
      handle: tellingProblems(({ body }) => addCheckpoint(parts, body)),
    },
    {
      method: 'POST',
      path: '/mirror/add-entries',
      summary: 'Uploads entries in packages with sub-tree proofs (c2sp.org/tlog-mirror)',
      bodyBytesMax: ADD_ENTRIES_BYTES_MAX,
      cost: 64,
      handle: tellingProblems((request) => addEntries(parts, request)),
    },
    {
      method: 'GET',
      path: '/mirror/:log/checkpoint',
      summary: 'The checkpoint that this mirror holds durably, with its cosignature',
      bodyBytesMax: 0,
      cost: 1,
      handle: tellingProblems(async ({ params }) => {
        const body = await parts.mirror.checkpoint(byHash(parts, params['log']));
        if (body === undefined) throw notFound('nothing of that log is held yet');
        const fields = [
          ['Content-Type', 'text/plain; charset=utf-8'],
          ['Cache-Control', HEAD_CACHING],
        ] as const;
        return { status: 200, fields, body };
      }),
    },
    {
      method: 'GET',
      path: '/mirror/:log/tile/:rest{.+}',
      summary: 'Hash tile or entry bundle of a mirrored log (c2sp.org/tlog-tiles)',
      bodyBytesMax: 0,
      cost: 1,
      handle: tellingProblems(async ({ params }) => {
        const log = byHash(parts, params['log']);
        const { size } = await parts.mirror.extent(log);
        return readLogTile(parts.ledger, log.namespace, size, params['rest']);
      }),
    },
    {
      method: 'GET',
      path: '/mirror/:log/extent',
      summary: 'Size that is claimed to be held, and the first index whose payload is kept',
      bodyBytesMax: 0,
      cost: 1,
      handle: tellingProblems(async ({ params }) => {
        const log = byHash(parts, params['log']);
        const { size, minimumIndex } = await parts.mirror.extent(log);
        const { namespace, line } = log;
        const { keepsPayloads } = parts;
        const extent = { origin: line, namespace, size, minimumIndex, keepsPayloads };
        return jsonResponse(extent, 200, 'no-store');
      }),
    },
  ];
}

async function addCheckpoint(
  { mirror, origins }: MirrorRouteParts,
  body: Uint8Array,
): Promise<RouteResponse> {
  const { request, line } = readCheckpoint(body);
  const log = findLog(origins, line);
  if (log === undefined) return { status: 404, fields: [NO_STORE] };
  const outcome = await mirror.addCheckpoint(log, request);
  if (outcome.status !== 409) return { status: outcome.status, fields: [NO_STORE] };
  const fields = [['Content-Type', 'text/x.tlog.size'], NO_STORE] as const;
  return { status: 409, fields, body: `${outcome.size}\n` };
}

function readCheckpoint(body: Uint8Array): {
  request: ReturnType<typeof parseAddCheckpoint>;
  line: string;
} {
  try {
    const request = parseAddCheckpoint(body);
    return { request, line: parseCheckpoint(request.note.text).origin };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new PeerError('bad-request', error.message, {}, { cause: error });
  }
}

async function addEntries(parts: MirrorRouteParts, request: RouteRequest): Promise<RouteResponse> {
  const { mirror, origins } = parts;
  const body = await plainBody(request);
  const { head, offset } = decodeAddEntriesHead(body);
  const { uploadStart, uploadEnd } = head;
  const log = findLog(origins, head.origin);
  if (log === undefined) return { status: 404, fields: [NO_STORE] };
  const pending = await mirror.pendingOfSize(log, uploadEnd);
  const { size: held } = await mirror.extent(log);
  const next = await mirror.nextEntry(log);
  const isStartGood = uploadStart <= next && next - uploadStart <= OVERLAP_MAX;
  const isWhole = uploadStart === uploadEnd;
  if (pending === undefined || uploadEnd < held || !(isStartGood || next >= uploadEnd)) {
    const known = pending ?? (await mirror.pending(log));
    return mirrorInfo(409, known?.size ?? 0, next);
  }
  let at = offset;
  let taken = 0;
  let isComplete = isWhole;
  for (const range of packageRanges(uploadStart, uploadEnd)) {
    const read = taken < PACKAGES_MAX ? decodePackage(body, at, range) : undefined;
    if (read === undefined) break;
    const isGood = await mirror.addPackage(log, range, read.package, pending);
    if (!isGood) return { status: 422, fields: [NO_STORE] };
    at = read.offset;
    taken++;
    isComplete = range.end === uploadEnd;
  }
  if (taken === 0 && !isWhole) {
    throw new PeerError('bad-request', 'expected at least one whole package of entries');
  }
  const reached = await mirror.nextEntry(log);
  if (!isComplete || reached < uploadEnd) return mirrorInfo(202, uploadEnd, reached);
  const line = await mirror.commit(log, pending);
  if (line === undefined) {
    return mirrorInfo(409, (await mirror.pending(log))?.size ?? 0, reached);
  }
  const fields = [['Content-Type', 'text/plain; charset=utf-8'], NO_STORE] as const;
  return { status: 200, fields, body: line };
}

async function plainBody(request: RouteRequest): Promise<Uint8Array> {
  const coding = request.header('content-encoding') ?? 'identity';
  if (coding === 'identity') return request.body;
  if (coding === 'gzip') return gunzip(request.body, ADD_ENTRIES_BYTES_MAX);
  throw new PeerError('bad-request', 'expected gzip or no content coding');
}

function mirrorInfo(status: 202 | 409, treeSize: number, nextEntry: number): RouteResponse {
  const fields = [
    ['Content-Type', MIRROR_INFO_TYPE],
    ['Accept-Encoding', 'gzip'],
    NO_STORE,
  ] as const;
  return { status, fields, body: formatMirrorInfo({ treeSize, nextEntry, ticket: '' }) };
}

function byHash({ origins }: MirrorRouteParts, hash: string | undefined): MirroredLog {
  const log = findLogByHash(origins, hash ?? '');
  if (log === undefined) throw notFound('no log of that hash is mirrored here');
  return log;
}

function notFound(message: string): PeerError {
  return new PeerError('not-found', message);
}
