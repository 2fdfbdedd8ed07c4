import { ProtocolError } from '../errors.ts';
import { TILE_WIDTH } from '../limits.ts';
import { isCount, type NodeCoordinate } from './nodes.ts';

/** Hash tile of tlog-tiles: up to 256 hashes of complete nodes of height 8 * level. */
export interface TileCoordinate {
  readonly level: number;
  readonly index: number;
  /** Number of hashes: 256 for a full tile, 1 to 255 for a partial one. */
  readonly width: number;
}

/** tlog-tiles allows levels up to 63; 2^53 leaves need levels 0 to 6. */
const TILE_LEVEL_MAX = 6;

const PATH =
  /^tile\/(0|[1-9][0-9]?|entries)\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** `tile/0/x001/067`, or `tile/0/x001/067.p/8` for a partial tile. */
export function tilePath(tile: TileCoordinate): string {
  return `tile/${tile.level}/${indexPath(tile)}`;
}

/** `tile/entries/x001/067`, or `tile/entries/x001/067.p/8`: the bundle of a level 0 tile. */
export function entriesPath(bundle: { readonly index: number; readonly width: number }): string {
  return `tile/entries/${indexPath(bundle)}`;
}

/**
 * Reads the path of a hash tile or an entry bundle, without a leading slash.
 *
 * @returns level `'entries'` for a bundle
 * @throws ProtocolError `malformed` on any other spelling: each resource has exactly one path
 */
export function parseTilePath(
  path: string,
): TileCoordinate | { readonly level: 'entries'; readonly index: number; readonly width: number } {
  // 6 groups of three digits hold every index below 2^53.
  const match = path.length > 64 ? null : PATH.exec(path);
  const [, level, digits, partial] = match ?? [];
  const index = Number((digits ?? '').replaceAll(/[x/]/g, ''));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  const bad =
    match === null ||
    !isCount(index) ||
    digits !== indexDigits(index) ||
    (partial !== undefined && width >= TILE_WIDTH);
  if (bad) throw new ProtocolError('malformed', 'expected tile/<level>/<index>[.p/<width>]');
  if (level === 'entries') return { level, index, width };
  if (Number(level) > TILE_LEVEL_MAX) {
    throw new ProtocolError('malformed', 'expected a tile level from 0 to 6');
  }
  return { level: Number(level), index, width };
}

/** Width of the tile in a tree of `size` leaves: 256, 1 to 255, or 0 where it does not exist. */
export function tileWidth(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** The partial tiles of a tree of `size` leaves, level 0 first: what its edge consists of. */
export function partialTiles(size: number): TileCoordinate[] {
  const tiles: TileCoordinate[] = [];
  for (
    let level = 0, hashes = size;
    hashes > 0;
    level++, hashes = Math.floor(hashes / TILE_WIDTH)
  ) {
    const width = hashes % TILE_WIDTH;
    if (width > 0) tiles.push({ level, index: Math.floor(hashes / TILE_WIDTH), width });
  }
  return tiles;
}

/**
 * The tiles that a tree of `size` leaves has and one of `fromSize` leaves has not, with the partial
 * ones of the new size, in order of level and index.
 */
export function* tilesForSize(size: number, fromSize = 0): Generator<TileCoordinate, void, void> {
  for (let level = 0, width = 1; Math.floor(size / width) > 0; level++, width *= TILE_WIDTH) {
    const hashes = Math.floor(size / width);
    const known = Math.floor(fromSize / width);
    if (hashes === known) continue;
    for (let index = Math.floor(known / TILE_WIDTH); index * TILE_WIDTH < hashes; index++) {
      yield { level, index, width: Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH) };
    }
  }
}

/**
 * Where a complete node lies: its tile and the slots [offset, offset + count) of hashes under it.
 */
export interface NodeInTile {
  readonly level: number;
  readonly index: number;
  readonly offset: number;
  /** 2^h with h from 0 to 7: the node is the root of so many hashes of the tile. */
  readonly count: number;
}

export function nodeInTile(node: NodeCoordinate): NodeInTile {
  const level = Math.floor(node.level / 8);
  const count = 2 ** (node.level % 8);
  const first = node.index * count;
  const index = Math.floor(first / TILE_WIDTH);
  return { level, index, offset: first - index * TILE_WIDTH, count };
}

/** The tiles, without repetition, that hold the given nodes of a tree of `size` leaves. */
export function tilesForNodes(nodes: readonly NodeCoordinate[], size: number): TileCoordinate[] {
  const tiles = new Map<string, TileCoordinate>();
  for (const node of nodes) {
    const { level, index } = nodeInTile(node);
    const width = tileWidth(level, index, size);
    tiles.set(`${level}/${index}`, { level, index, width });
  }
  return [...tiles.values()];
}

function indexPath(tile: { readonly index: number; readonly width: number }): string {
  const digits = indexDigits(tile.index);
  return tile.width === TILE_WIDTH ? digits : `${digits}.p/${tile.width}`;
}

function indexDigits(index: number): string {
  const text = String(index);
  const padded = text.padStart(Math.ceil(text.length / 3) * 3, '0');
  const groups = padded.match(/.{3}/g) ?? [];
  return groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join('/');
}
