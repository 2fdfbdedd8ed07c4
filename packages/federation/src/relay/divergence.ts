import {
  type Block,
  equalBytes,
  HASH_BYTES,
  type Hash32,
  leafHash,
  ProtocolError,
  TILE_WIDTH,
  tileWidth,
  verifyInclusion,
} from '@basalt/protocol';
import { Lie } from './lie.ts';
import type { LogReader } from './log-reader.ts';
import { inclusionOver, type TileSource } from './tree-access.ts';

/** Two trees of one log that are not one history. */
export interface Divergence {
  /** First index where their leaves differ. */
  readonly index: number;
  /** The other log's block there; its entry was shown to be under the other root. */
  readonly block: Block;
}

/**
 * The first leaf in which another node's tree of `size` leaves parts from the own one: descends
 * through the tiles, 256 ways at a time, and asks for a proof that the leaf is under `root`.
 *
 * @param common leaves that both have: the smaller of the sizes
 * @throws Lie `false-consistency` where there is no such leaf: then not the log has forked, its
 *   server has made the difference up
 */
export async function findDivergence(
  own: TileSource,
  remote: LogReader,
  common: number,
  { size, root }: { readonly size: number; readonly root: Hash32 },
): Promise<Divergence> {
  const index = await firstDifferentLeaf(own, remote.tiles, common, size);
  if (index === undefined) {
    throw madeUp(remote, 'its tiles are ours and its root is not');
  }
  const [block] = await remote.blocks(index, 1);
  if (block === undefined) throw madeUp(remote, `it does not show block ${index}`);
  try {
    verifyInclusion({
      leafHash: leafHash(block.entry.bytes),
      index,
      size,
      root,
      proof: await inclusionOver(index, size, remote.tiles),
    });
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw madeUp(remote, `block ${index} is not under its root`);
  }
  return { index, block };
}

/** From the top tiles down: the first child that differs holds the first leaf that differs. */
async function firstDifferentLeaf(
  own: TileSource,
  remote: TileSource,
  common: number,
  size: number,
): Promise<number | undefined> {
  let level = 0;
  while (TILE_WIDTH ** (level + 1) <= common) level++;
  let index: number | undefined;
  // Whole nodes of this level first; leaves behind the last whole node are looked at below.
  for (; level >= 0; level--) {
    const first = index === undefined ? 0 : index * TILE_WIDTH;
    const nodes = Math.floor(common / TILE_WIDTH ** level);
    const last = index === undefined ? nodes : Math.min(nodes, first + TILE_WIDTH);
    const from = index === undefined ? tailStart(level, common) : first;
    index = await firstDifferentNode({ own, remote, common, size }, level, from, last);
    if (index === undefined && level === 0) return undefined;
  }
  return index;
}

/** Nodes of this level before it were compared as parts of nodes one level up. */
function tailStart(level: number, common: number): number {
  return Math.floor(common / TILE_WIDTH ** (level + 1)) * TILE_WIDTH;
}

interface TwoTrees {
  readonly own: TileSource;
  readonly remote: TileSource;
  readonly common: number;
  /** Of the remote tree: only the tiles that it implies are asked for. */
  readonly size: number;
}

async function firstDifferentNode(
  { own, remote, common, size }: TwoTrees,
  level: number,
  from: number,
  to: number,
): Promise<number | undefined> {
  for (let tile = Math.floor(from / TILE_WIDTH); tile * TILE_WIDTH < to; tile++) {
    const width = tileWidth(level, tile, common);
    const [ours, theirs] = await Promise.all([
      own(level, tile, width),
      remote(level, tile, tileWidth(level, tile, size)),
    ]);
    for (let i = 0; i < width; i++) {
      const slot = [i * HASH_BYTES, (i + 1) * HASH_BYTES] as const;
      if (!equalBytes(ours.subarray(...slot), theirs.subarray(...slot))) {
        return tile * TILE_WIDTH + i;
      }
    }
  }
  return undefined;
}

function madeUp(remote: LogReader, why: string): Lie {
  return new Lie(
    'false-consistency',
    remote.url,
    `its log ${remote.namespace} does not continue ours, and no fork shows why: ${why}`,
    { namespace: remote.namespace },
  );
}
