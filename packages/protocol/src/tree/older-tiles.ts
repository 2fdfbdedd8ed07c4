import { equalBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { TILE_WIDTH } from '../limits.ts';
import type { HashFunction } from '../suite.ts';
import { RangeBuilder } from './compact-range.ts';
import { HASH_BYTES, sha256 } from './hash.ts';
import type { TileCoordinate } from './tile-path.ts';
import { decodeEdge, TILE_BYTES } from './tiles.ts';

/** The right edge of a tree of so many leaves, a multiple of 256. */
export interface TreeEdge {
  readonly size: number;
  /** As from `TileBuilder.encodeEdge`. */
  readonly edge: Uint8Array;
}

/**
 * The full tiles on the way from a leaf up to the right edge of a tree of `size` leaves, lowest
 * first. A proof of that leaf in this tree and in every later one needs, besides the edge, nothing
 * else that is older: the sibling of each node on the way lies in the tile of that node.
 */
export function tilesOnPath(index: number, size: number): TileCoordinate[] {
  const tiles: TileCoordinate[] = [];
  for (let level = 0, span = TILE_WIDTH; ; level++, span *= TILE_WIDTH) {
    const tile = Math.floor(index / span);
    if ((tile + 1) * span > size) return tiles;
    tiles.push({ level, index: tile, width: TILE_WIDTH });
  }
}

/**
 * Checks that a full tile belongs to the tree of an edge: its root is the hash that the tile above
 * has for it.
 *
 * @param readTile the tile above, where it is full too: 8,192 bytes that were checked in the same
 *   way
 * @throws ProtocolError `invalid-proof`, `malformed` (lengths)
 */
export function checkOlderTile(
  tile: { readonly level: number; readonly index: number; readonly bytes: Uint8Array },
  edge: TreeEdge,
  readTile: (level: number, index: number) => Uint8Array | undefined,
  hash: HashFunction = sha256,
): void {
  const { level, index, bytes } = tile;
  if (bytes.length !== TILE_BYTES) {
    throw new ProtocolError('malformed', 'expected a tile of 8,192 bytes', { level, index });
  }
  const above = Math.floor(index / TILE_WIDTH);
  const isFull = (above + 1) * TILE_WIDTH ** (level + 2) <= edge.size;
  // The first tile of an edge is of level 1.
  const slots = isFull ? readTile(level + 1, above) : decodeEdge(edge.size, edge.edge)[level];
  const offset = (index % TILE_WIDTH) * HASH_BYTES;
  const expected = slots?.subarray(offset, offset + HASH_BYTES);
  if (expected !== undefined && equalBytes(leavesRoot(bytes, hash), expected)) return;
  throw new ProtocolError('invalid-proof', 'expected a tile of the tree', { level, index });
}

/** RFC 6962 root of hashes of 32 bytes, one after the other. */
export function leavesRoot(leaves: Uint8Array, hash: HashFunction = sha256): Uint8Array {
  const range = new RangeBuilder(undefined, hash);
  for (let offset = 0; offset < leaves.length; offset += HASH_BYTES) {
    range.append(leaves.subarray(offset, offset + HASH_BYTES));
  }
  return range.root();
}
