import type { Ledger } from '@basalt/ledger';
import { equalBytes, type Hash32, leafHash, type NamespaceId } from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import { rootOver, type TileSource } from './tree-access.ts';

/** Tiles of the own log, as far as its checkpoint covers it. */
export function ownTiles(ledger: Ledger, namespace: NamespaceId): TileSource {
  return async (level, index, width) => {
    const tile = await ledger.tile(namespace, level, index, width);
    if (tile !== undefined) return tile;
    throw new PeerError('not-found', `tile ${level}/${index} is not covered by a checkpoint yet`);
  };
}

/** Root of the first `size` leaves that are stored here, covered by a checkpoint. */
export function ownRoot(ledger: Ledger, namespace: NamespaceId, size: number): Promise<Hash32> {
  return rootOver(size, ownTiles(ledger, namespace));
}

/** Leaf hashes of [from, to), at most one tile of them. */
export async function ownLeaves(
  ledger: Ledger,
  namespace: NamespaceId,
  from: number,
  to: number,
): Promise<Hash32[]> {
  if (from >= to) return [];
  return (await ledger.entries(namespace, from, to - from)).map((entry) => leafHash(entry));
}

/**
 * Whether a tree that is no larger than the own one is not its beginning: a log that was set back
 * and went on from there. False for one that is known to have forked: nothing more is to be found.
 */
export async function isOtherHistory(
  ledger: Ledger,
  namespace: NamespaceId,
  { size, root }: { readonly size: number; readonly root: Hash32 },
): Promise<boolean> {
  const info = await ledger.info(namespace);
  if (info === undefined || info.frozenAt !== undefined) return false;
  if (size === 0 || size > info.checkpointSize) return false;
  return !equalBytes(await ownRoot(ledger, namespace, size), root);
}
