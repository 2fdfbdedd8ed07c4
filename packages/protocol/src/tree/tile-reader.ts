import type { Hash32 } from '../brands.ts';
import { ProtocolError } from '../errors.ts';
import type { HashFunction } from '../suite.ts';
import { createNodeHasher, HASH_BYTES, sha256 } from './hash.ts';
import type { HashReader } from './proof.ts';
import { nodeInTile, tileWidth } from './tile-path.ts';

/** Trees of tiles that a reader keeps: 16 KiB each; a proof touches at most 7 levels. */
const TILE_TREES_MAX = 64;

/**
 * Reads nodes of a tree of `size` leaves out of its tiles; the nodes between two tile levels are
 * hashed once per tile (at most 255 hashes) and kept while the reader lives.
 *
 * @param readTile gives `width` hashes of 32 bytes, or more: a full tile may stand in for a partial
 *   one that has vanished
 * @throws ProtocolError (from the reader) `malformed` on a tile that is too short, `invalid-index`
 *   on a node that the tree does not have
 */
export function tileHashReader(
  size: number,
  readTile: (level: number, index: number, width: number) => Uint8Array,
  hash: HashFunction = sha256,
): HashReader {
  const hashNode = createNodeHasher(hash);
  const trees = new Map<string, Uint8Array[]>();

  const treeOf = (level: number, index: number): Uint8Array[] => {
    const key = `${level}/${index}`;
    const cached = trees.get(key);
    if (cached !== undefined) return cached;
    const width = tileWidth(level, index, size);
    const bytes = width === 0 ? new Uint8Array(0) : readTile(level, index, width);
    if (bytes.length < width * HASH_BYTES || bytes.length % HASH_BYTES !== 0) {
      throw new ProtocolError('malformed', `expected a tile of ${width} hashes of 32 bytes`, {
        level,
        index,
        length: bytes.length,
      });
    }
    const tree = [bytes.subarray(0, width * HASH_BYTES)];
    if (trees.size >= TILE_TREES_MAX) trees.delete(trees.keys().next().value as string);
    trees.set(key, tree);
    return tree;
  };

  return (level, index) => {
    const node = nodeInTile({ level, index });
    const tree = treeOf(node.level, node.index);
    const height = level % 8;
    while (tree.length <= height) {
      tree.push(parents(tree[tree.length - 1] as Uint8Array, hashNode));
    }
    const row = tree[height] as Uint8Array;
    const offset = (node.offset / node.count) * HASH_BYTES;
    if (offset + HASH_BYTES > row.length) {
      throw new ProtocolError('invalid-index', 'expected a complete node of the tree', {
        level,
        index,
        size,
      });
    }
    return row.slice(offset, offset + HASH_BYTES) as Hash32;
  };
}

/** The row above: a last hash without a partner has no complete parent. */
function parents(row: Uint8Array, hashNode: ReturnType<typeof createNodeHasher>): Uint8Array {
  const count = Math.floor(row.length / (2 * HASH_BYTES));
  const above = new Uint8Array(count * HASH_BYTES);
  for (let i = 0; i < count; i++) {
    const left = 2 * i * HASH_BYTES;
    above.set(hashNode(row, left, row, left + HASH_BYTES), i * HASH_BYTES);
  }
  return above;
}
