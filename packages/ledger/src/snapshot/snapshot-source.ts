import {
  assert,
  bundleCount,
  type CryptoProvider,
  concatBytes,
  decodeBlock,
  encodeBundle,
  encodeKeyBlockChunk,
  type Hash32,
  leavesRoot,
  type NamespaceId,
  ProtocolError,
  partialTiles,
  SNAPSHOT_BUNDLES_MAX,
  type SnapshotManifest,
  type SnapshotProof,
  TILE_WIDTH,
  tilesOnPath,
} from '@basalt/protocol';
import { type LogStore, StoreError } from '@basalt/store';
import { keyBlockName } from '../draft.ts';
import { LedgerError } from '../errors.ts';
import type { Lanes } from '../lanes.ts';
import type { Reads } from '../reads.ts';
import type { TreeReader } from '../tree-reader.ts';

export interface SnapshotSourceParts {
  readonly store: LogStore;
  readonly crypto: CryptoProvider;
  readonly lanes: Lanes;
  readonly reads: Reads;
  readonly trees: TreeReader;
}

/**
 * Hands a namespace out in the parts of which another node makes a copy that begins at a height.
 * Everything is read for the height, which a published checkpoint covers; nothing is kept.
 */
export class SnapshotSource {
  readonly #parts: SnapshotSourceParts;

  constructor(parts: SnapshotSourceParts) {
    this.#parts = parts;
  }

  /**
   * @param blocks how many of the newest blocks the copy is to have at least; rounded up to whole
   *   bundles
   * @throws LedgerError `out-of-range` (more than 1,048,576 blocks); ProtocolError
   *   `namespace-frozen`, `version-mismatch`; StoreError `pruned` where this copy begins later
   */
  async manifest(snapshot: SnapshotProof, blocks: number): Promise<SnapshotManifest> {
    const { namespace, height } = snapshot;
    const { chain } = await this.#parts.lanes.get(namespace);
    if (chain.frozen !== undefined) {
      const message = 'a fork was proven; a recovery block must name the branch first';
      throw new ProtocolError('namespace-frozen', message, { frozenAt: chain.frozen.index });
    }
    if (chain.genesis.length === 0) {
      throw new ProtocolError(
        'version-mismatch',
        'the blocks of version 1 are known by their payloads: take this one from its beginning',
      );
    }
    const wanted = Math.max(0, height - Math.max(1, blocks));
    const from = wanted - (wanted % TILE_WIDTH);
    if (bundleCount(height, from) > SNAPSHOT_BUNDLES_MAX) {
      const most = SNAPSHOT_BUNDLES_MAX * TILE_WIDTH;
      throw new LedgerError('out-of-range', `a snapshot brings at most ${most} blocks`, { blocks });
    }
    await this.#requireHere(namespace, from);
    return {
      snapshot,
      from,
      edge: await this.#edge(namespace, from),
      olderSizeBytes: await this.#parts.reads.sizeBytes(namespace, from),
      keyBlocks: chain.keyBlocks.filter((index) => index < height),
      bundleRoots: await this.#bundleRoots(namespace, from, height),
    };
  }

  /**
   * One chunk of the manifest of this height and beginning, as `openSnapshotChunk` reads it.
   * @throws LedgerError `out-of-range`; StoreError `pruned` where this copy begins later
   */
  async chunk(
    namespace: NamespaceId,
    height: number,
    from: number,
    chunk: number,
  ): Promise<Uint8Array> {
    const isBegin = Number.isSafeInteger(from) && from >= 0 && from % TILE_WIDTH === 0;
    if (!isBegin || from >= height) {
      throw new LedgerError('out-of-range', 'expected the beginning that the manifest has', {
        from,
      });
    }
    const { chain } = await this.#parts.lanes.get(namespace);
    const keyBlocks = chain.keyBlocks.filter((index) => index < height);
    const index = keyBlocks[chunk];
    if (index !== undefined) return this.#keyBlock(namespace, index, from);
    const start = from + (chunk - keyBlocks.length) * TILE_WIDTH;
    const count = Math.min(TILE_WIDTH, height - start);
    if (!(count > 0))
      throw new LedgerError('out-of-range', 'the snapshot has fewer chunks', { chunk });
    return encodeBundle(await this.#parts.store.entries(namespace, start, count));
  }

  async #keyBlock(namespace: NamespaceId, index: number, from: number): Promise<Uint8Array> {
    const { store, trees } = this.#parts;
    const record = await store.record(keyBlockName(namespace, index));
    assert(record !== undefined, 'key blocks are kept');
    const path = index < from ? tilesOnPath(index, from) : [];
    const tiles = await Promise.all(
      path.map(async (tile) => ({ ...tile, bytes: await trees.tile(namespace, tile) })),
    );
    return encodeKeyBlockChunk({ block: decodeBlock(record), tiles });
  }

  /** @throws StoreError `pruned` */
  async #requireHere(namespace: NamespaceId, from: number): Promise<void> {
    const begin = (await this.#parts.store.head(namespace))?.begin;
    if (begin === undefined || from >= begin.index) return;
    const { index: beginsAt } = begin;
    throw new StoreError('pruned', `this copy begins at block ${beginsAt}: ask for fewer blocks`, {
      namespace,
      beginsAt,
    });
  }

  async #edge(namespace: NamespaceId, size: number): Promise<Uint8Array> {
    const tiles = partialTiles(size).filter(({ level }) => level > 0);
    const bytes = await Promise.all(tiles.map((tile) => this.#parts.trees.tile(namespace, tile)));
    return concatBytes(...bytes);
  }

  async #bundleRoots(namespace: NamespaceId, from: number, height: number): Promise<Hash32[]> {
    const { trees, crypto } = this.#parts;
    const roots: Hash32[] = [];
    const first = from / TILE_WIDTH;
    const end = Math.floor(height / TILE_WIDTH);
    for (let at = first; at < end; ) {
      // The hashes of level 1 are the roots of the bundles.
      const index = Math.floor(at / TILE_WIDTH);
      const to = Math.min(end, (index + 1) * TILE_WIDTH);
      const width = to - index * TILE_WIDTH;
      const tile = await trees.tile(namespace, { level: 1, index, width });
      for (; at < to; at++) {
        const offset = (at % TILE_WIDTH) * 32;
        roots.push(tile.slice(offset, offset + 32) as Hash32);
      }
    }
    const width = height % TILE_WIDTH;
    if (width === 0) return roots;
    const leaves = await trees.tile(namespace, { level: 0, index: end, width });
    roots.push(leavesRoot(leaves, crypto.sha256) as Hash32);
    return roots;
  }
}
