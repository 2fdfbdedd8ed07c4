import type { Ledger } from '@basalt/ledger';
import {
  encodeBundle,
  type NamespaceId,
  ProtocolError,
  parseTilePath,
  TILE_WIDTH,
  tileWidth,
} from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import type { RouteResponse } from '../routes.ts';

const IMMUTABLE = 'public, max-age=31536000, immutable';
const PARTIAL = 'public, max-age=60';

/** Caching of checkpoints and of what is about them. */
export const HEAD_CACHING = 'public, max-age=1, stale-while-revalidate=5, stale-if-error=86400';

/**
 * A hash tile or entry bundle of the first `size` blocks of a log.
 * @param rest the path after `tile/`
 * @throws PeerError `not-found`
 */
export async function readLogTile(
  ledger: Ledger,
  namespace: NamespaceId,
  size: number,
  rest: string | undefined,
): Promise<RouteResponse> {
  const { level, index, width } = readPath(`tile/${rest ?? ''}`);
  const isEntries = level === 'entries';
  // Only tiles that the checkpoint implies: partial ones of other sizes are nobody's business.
  const there = tileWidth(isEntries ? 0 : level, index, size);
  if (width > there) throw new PeerError('not-found', 'no such tile in a tree of that size');
  const body = isEntries
    ? encodeBundle(await ledger.entries(namespace, index * TILE_WIDTH, width))
    : await ledger.tile(namespace, level, index, width);
  if (body === undefined) {
    throw new PeerError('not-found', 'the tile is not covered by a checkpoint of ours yet');
  }
  return {
    status: 200,
    fields: [
      ['Content-Type', 'application/octet-stream'],
      ['Cache-Control', width === TILE_WIDTH ? IMMUTABLE : PARTIAL],
    ],
    body,
  };
}

function readPath(path: string): ReturnType<typeof parseTilePath> {
  try {
    return parseTilePath(path);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new PeerError('not-found', 'expected a tile path', {}, { cause: error });
  }
}
