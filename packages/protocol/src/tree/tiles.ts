import { assert } from '../assert.ts';
import type { Hash32 } from '../brands.ts';
import { ProtocolError } from '../errors.ts';
import { TILE_WIDTH } from '../limits.ts';
import type { HashFunction } from '../suite.ts';
import { type CompactRange, RangeBuilder } from './compact-range.ts';
import { createNodeHasher, HASH_BYTES, sha256 } from './hash.ts';
import { isCount } from './nodes.ts';
import { partialTiles } from './tile-path.ts';

/** Bytes of a full tile: 256 hashes. */
export const TILE_BYTES: number = TILE_WIDTH * HASH_BYTES;

/** A full tile as a builder hands it out. */
export interface BuiltTile {
  readonly level: number;
  readonly index: number;
  /** 256 hashes, 8,192 bytes. */
  readonly bytes: Uint8Array;
}

/** What a log stores of its right edge; everything else follows from it. */
export interface TileBuilderState {
  readonly size: number;
  /** Leaf hashes of the partial level 0 tile: (size mod 256) * 32 bytes. */
  readonly leaves: Uint8Array;
  /** As from {@link TileBuilder.encodeEdge}. */
  readonly edge: Uint8Array;
}

/** A point to go back to. Opaque. */
export interface TileBuilderSnapshot {
  readonly range: CompactRange;
  readonly tiles: readonly (Uint8Array | undefined)[];
  readonly pending: readonly BuiltTile[];
}

/**
 * Builds the tiles of one log, leaf by leaf. About one node hash per leaf: the same nodes that make
 * the compact range make the tiles above level 0, since every eighth height of the tree is a tile
 * level. Deterministic, no I/O; the owner stores what {@link takeFullTiles} gives.
 *
 * Slots of a tile are written once and a full tile's array is never written again, so arrays handed
 * out stay as they are.
 *
 * @example
 * const builder = new TileBuilder();
 * builder.append(leafHash(entry));
 * const root = builder.root();
 */
export class TileBuilder {
  readonly #range: RangeBuilder;
  /** The partial tile of each level, 8,192 bytes; undefined until its first hash. */
  #tiles: (Uint8Array | undefined)[] = [];
  #pending: BuiltTile[] = [];
  readonly #place: (height: number, node: Uint8Array) => void;

  /** @throws ProtocolError `malformed` when the state's lengths do not fit its size */
  constructor(state?: TileBuilderState, hash: HashFunction = sha256) {
    if (state !== undefined) this.#tiles = tilesOfState(state);
    const range = state === undefined ? undefined : rangeOfTiles(state.size, this.#tiles, hash);
    this.#range = new RangeBuilder(range, hash);
    this.#place = (height, node) => {
      if (height % 8 === 0) this.#write(height / 8, node);
    };
  }

  get size(): number {
    return this.#range.size;
  }

  /** Adds a 32-byte leaf hash (copied). @throws ProtocolError `malformed`, `invalid-index` */
  append(leaf: Uint8Array): void {
    this.#range.append(leaf, this.#place);
  }

  /** 32-byte root of the tree. */
  root(): Hash32 {
    return this.#range.root();
  }

  /** The compact range of the tree: the peaks of a snapshot proof. */
  range(): CompactRange {
    return this.#range.range();
  }

  /** Full tiles since the last call, in the order in which they filled up. */
  takeFullTiles(): BuiltTile[] {
    const taken = this.#pending;
    this.#pending = [];
    return taken;
  }

  /** The present partial tile of a level: 0 to 255 hashes of 32 bytes, a view that stays valid. */
  partialTile(level: number): Uint8Array {
    const width = Math.floor(this.size / TILE_WIDTH ** level) % TILE_WIDTH;
    const tile = this.#tiles[level];
    return tile === undefined ? new Uint8Array(0) : tile.subarray(0, width * HASH_BYTES);
  }

  /**
   * The partial tiles of levels 1 and up, one after the other, lowest first. Their widths follow
   * from the size, so there is nothing else in it: 32 bytes per hash. It changes when a level 0
   * tile fills up and at no other time.
   */
  encodeEdge(): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let level = 1; level < this.#tiles.length; level++) parts.push(this.partialTile(level));
    const edge = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      edge.set(part, offset);
      offset += part.length;
    }
    return edge;
  }

  /** Costs a copy of the peaks: at most 53 * 32 bytes. */
  snapshot(): TileBuilderSnapshot {
    return { range: this.range(), tiles: [...this.#tiles], pending: [...this.#pending] };
  }

  /**
   * Goes back to a snapshot of this builder that is not newer than its present state, for an
   * append that could not be stored. Full tiles that arose since are dropped.
   */
  restore(snapshot: TileBuilderSnapshot): void {
    assert(snapshot.range.size <= this.size, 'a builder can only go back');
    this.#range.reset(snapshot.range);
    // Copied: slots after the snapshot will be written again, and views of them are out there.
    this.#tiles = snapshot.tiles.map((tile) => tile?.slice());
    this.#pending = [...snapshot.pending];
  }

  #write(level: number, node: Uint8Array): void {
    // The leaf that is being added makes this node complete, so it is the last of its level.
    const size = this.#range.size;
    const position = level === 0 ? size : Math.floor(size / TILE_WIDTH ** level);
    const slot = position % TILE_WIDTH;
    let tile = this.#tiles[level];
    if (tile === undefined) {
      tile = new Uint8Array(TILE_BYTES);
      this.#tiles[level] = tile;
    }
    tile.set(node, slot * HASH_BYTES);
    if (slot < TILE_WIDTH - 1) return;
    this.#pending.push({ level, index: Math.floor(position / TILE_WIDTH), bytes: tile });
    this.#tiles[level] = undefined;
  }
}

/** The inverse of {@link TileBuilder.encodeEdge}: the partial tile of each level from 1 up. */
export function decodeEdge(size: number, edge: Uint8Array): Uint8Array[] {
  const tiles: Uint8Array[] = [];
  let offset = 0;
  for (const { level, width } of partialTiles(size)) {
    if (level === 0) continue;
    while (tiles.length < level - 1) tiles.push(new Uint8Array(0));
    tiles.push(edge.subarray(offset, offset + width * HASH_BYTES));
    offset += width * HASH_BYTES;
  }
  if (offset !== edge.length) {
    throw new ProtocolError('malformed', `expected an edge of ${offset} bytes for this size`, {
      size,
      length: edge.length,
    });
  }
  return tiles;
}

function tilesOfState(state: TileBuilderState): (Uint8Array | undefined)[] {
  if (!isCount(state.size)) {
    throw new ProtocolError('malformed', 'expected a size from 0 to 2^53 - 1');
  }
  const leafBytes = (state.size % TILE_WIDTH) * HASH_BYTES;
  if (state.leaves.length !== leafBytes) {
    throw new ProtocolError('malformed', `expected ${leafBytes} bytes of leaf hashes`, {
      size: state.size,
      length: state.leaves.length,
    });
  }
  return [state.leaves, ...decodeEdge(state.size, state.edge)].map((bytes) => {
    if (bytes.length === 0) return undefined;
    const tile = new Uint8Array(TILE_BYTES);
    tile.set(bytes);
    return tile;
  });
}

/** The peaks lie in the partial tiles: hash every tile's own peaks out of its slots. */
function rangeOfTiles(
  size: number,
  tiles: readonly (Uint8Array | undefined)[],
  hash: HashFunction,
): CompactRange {
  const hashNode = createNodeHasher(hash);
  const peaks: Hash32[] = [];
  for (let level = tiles.length - 1; level >= 0; level--) {
    const tile = tiles[level];
    if (tile === undefined) continue;
    const width = Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH;
    let from = 0;
    for (let count = TILE_WIDTH / 2; count >= 1; count /= 2) {
      if (width - from < count) continue;
      peaks.push(
        slotsRoot(tile.subarray(from * HASH_BYTES, (from + count) * HASH_BYTES), hashNode),
      );
      from += count;
    }
  }
  return { size, peaks };
}

/** Root of a power of two of hashes. */
function slotsRoot(hashes: Uint8Array, hashNode: ReturnType<typeof createNodeHasher>): Hash32 {
  const row = hashes.slice();
  for (let count = row.length / HASH_BYTES; count > 1; count /= 2) {
    for (let i = 0; i < count / 2; i++) {
      const left = 2 * i * HASH_BYTES;
      row.set(hashNode(row, left, row, left + HASH_BYTES), i * HASH_BYTES);
    }
  }
  return row.slice(0, HASH_BYTES) as Hash32;
}
