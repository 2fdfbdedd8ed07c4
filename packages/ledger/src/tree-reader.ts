import {
  type CompactRange,
  type CryptoProvider,
  consistencyProof,
  HASH_BYTES,
  type Hash32,
  type HashReader,
  inclusionProof,
  type NamespaceId,
  type NodeCoordinate,
  nodesForConsistency,
  nodesForInclusion,
  nodesForRoot,
  TILE_WIDTH,
  type TileCoordinate,
  tileHashReader,
  tilesForNodes,
  treeRoot,
} from '@basalt/protocol';
import { type LogStore, StoreError } from '@basalt/store';
import type { Lane } from './lane.ts';
import type { Lanes } from './lanes.ts';

/**
 * Reads the trees: full tiles from the store, the right edge from the lane. Everything is asked for
 * at a size, and a tree of an older size is a prefix of the tree of today.
 */
export class TreeReader {
  readonly #lanes: Lanes;
  readonly #store: LogStore;
  readonly #crypto: CryptoProvider;

  constructor(lanes: Lanes, store: LogStore, crypto: CryptoProvider) {
    this.#lanes = lanes;
    this.#store = store;
    this.#crypto = crypto;
  }

  /**
   * `width` hashes of 32 bytes. The caller has checked that the tile belongs to a committed size.
   * @throws StoreError `corrupt` when it is not there all the same
   */
  async tile(namespace: NamespaceId, tile: TileCoordinate): Promise<Uint8Array> {
    const { level, index, width } = tile;
    const length = width * HASH_BYTES;
    const lane = await this.#lanes.get(namespace);
    const bytes =
      partialAt(lane, level, index) ??
      lane.draftTile(level, index)?.bytes ??
      (await this.#store.tile(namespace, level, index));
    if (bytes === undefined || bytes.length < length) {
      throw new StoreError('corrupt', `tile ${level}/${index} is missing: run basalt fsck`, {
        namespace,
        level,
        index,
      });
    }
    return bytes.subarray(0, length);
  }

  async inclusion(namespace: NamespaceId, index: number, size: number): Promise<Hash32[]> {
    const read = await this.reader(namespace, nodesForInclusion(index, size), size);
    return inclusionProof(index, size, read, this.#crypto.sha256);
  }

  async consistency(namespace: NamespaceId, from: number, to: number): Promise<Hash32[]> {
    const read = await this.reader(namespace, nodesForConsistency(from, to), to);
    return consistencyProof(from, to, read, this.#crypto.sha256);
  }

  async root(namespace: NamespaceId, size: number): Promise<Hash32> {
    const read = await this.reader(namespace, nodesForRoot(size), size);
    return treeRoot(size, read, this.#crypto.sha256);
  }

  /** The peaks of the tree of `size` leaves: enough to append and to verify what follows. */
  async range(namespace: NamespaceId, size: number): Promise<CompactRange> {
    const nodes = nodesForRoot(size);
    const read = await this.reader(namespace, nodes, size);
    return { size, peaks: nodes.map(({ level, index }) => read(level, index)) };
  }

  /** A synchronous reader over the tiles that the given nodes need, fetched first. */
  async reader(
    namespace: NamespaceId,
    nodes: readonly NodeCoordinate[],
    size: number,
  ): Promise<HashReader> {
    const tiles = new Map<string, Uint8Array>();
    await Promise.all(
      tilesForNodes(nodes, size).map(async (tile) => {
        tiles.set(`${tile.level}/${tile.index}`, await this.tile(namespace, tile));
      }),
    );
    return tileHashReader(
      size,
      (level, index) => tiles.get(`${level}/${index}`) as Uint8Array,
      this.#crypto.sha256,
    );
  }
}

/** The partial tile of the lane's tree, when it is the one asked for. */
function partialAt(lane: Lane, level: number, index: number): Uint8Array | undefined {
  const hashes = Math.floor(lane.tree.size / TILE_WIDTH ** level);
  return Math.floor(hashes / TILE_WIDTH) === index ? lane.tree.partialTile(level) : undefined;
}
