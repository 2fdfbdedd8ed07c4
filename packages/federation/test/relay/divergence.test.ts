import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Block,
  HASH_BYTES,
  type Hash32,
  leafHash,
  type NamespaceId,
  nodeHash,
  TILE_WIDTH,
} from '@basalt/protocol';
import { findDivergence } from '../../src/relay/divergence.ts';
import { Lie } from '../../src/relay/lie.ts';
import type { LogReader } from '../../src/relay/log-reader.ts';
import { rootOver, type TileSource } from '../../src/relay/tree-access.ts';
import { seededSigner, signedChain } from '../support/node.ts';

/** Leaf hashes that differ by index and, from `fork` on, by branch. */
function leafOf(index: number, branch: number, fork: number): Hash32 {
  const leaf = new Uint8Array(HASH_BYTES) as Hash32;
  new DataView(leaf.buffer).setUint32(0, index);
  leaf[31] = index >= fork ? branch : 0;
  return leaf;
}

/** Tiles of a tree whose rows are made whole, level after level. */
function tilesOf(leaves: readonly Hash32[]): TileSource {
  const levels: (readonly Hash32[])[] = [leaves];
  for (let row = leaves; row.length >= TILE_WIDTH; ) {
    const above: Hash32[] = [];
    for (let i = 0; i + TILE_WIDTH <= row.length; i += TILE_WIDTH) {
      let nodes = row.slice(i, i + TILE_WIDTH);
      while (nodes.length > 1) {
        nodes = nodes.flatMap((left, at) =>
          at % 2 === 0 ? [nodeHash(left, nodes[at + 1] as Hash32)] : [],
        );
      }
      above.push(nodes[0] as Hash32);
    }
    levels.push(above);
    row = above;
  }
  return async (level, index, width) => {
    const row = levels[level]?.slice(index * TILE_WIDTH, index * TILE_WIDTH + width) ?? [];
    assert.equal(row.length, width, `tile ${level}/${index} has no ${width} hashes`);
    const tile = new Uint8Array(width * HASH_BYTES);
    row.forEach((hash, i) => tile.set(hash, i * HASH_BYTES));
    return tile;
  };
}

const [block] = signedChain(seededSigner(1), 1) as [Block];

interface Trees {
  readonly own: TileSource;
  readonly remote: LogReader;
  readonly root: Hash32;
  readonly asked: () => number;
}

/** Own tree of `size` leaves, and another of `remoteSize` that parts from it at `fork`. */
async function trees(size: number, remoteSize: number, fork: number): Promise<Trees> {
  const ours = Array.from({ length: size }, (_, i) => leafOf(i, 1, fork));
  const theirs = Array.from({ length: remoteSize }, (_, i) => leafOf(i, 2, fork));
  // The block that is shown at the fork has to be the leaf there.
  if (fork < remoteSize) theirs[fork] = leafHash(block.entry.bytes);
  let asked = 0;
  const tiles = tilesOf(theirs);
  const counted: TileSource = (...tile) => {
    asked++;
    return tiles(...tile);
  };
  const remote: LogReader = {
    url: 'http://them.test',
    namespace: '' as NamespaceId,
    checkpoint: async () => '',
    tiles: counted,
    blocks: async () => [block],
  };
  return {
    own: tilesOf(ours),
    remote,
    root: await rootOver(remoteSize, tiles),
    asked: () => asked,
  };
}

for (const [size, remoteSize, fork] of [
  [1, 1, 0],
  [10, 12, 9],
  [256, 256, 255],
  [257, 300, 256],
  [1_000, 1_000, 0],
  [1_000, 3_000, 999],
  [66_000, 65_800, 31_337],
  [65_900, 66_000, 65_791],
] as const) {
  test(`two trees of ${size} and ${remoteSize} part at ${fork}`, async () => {
    const { own, remote, root, asked } = await trees(size, remoteSize, fork);
    const common = Math.min(size, remoteSize);
    const found = await findDivergence(own, remote, common, { size: remoteSize, root });
    assert.equal(found.index, fork);
    assert.ok(asked() < 16, `${asked()} tiles`);
  });
}

test('trees that do not part, and blocks that are not under the root, are a lie', async () => {
  const same = await trees(1_000, 1_000, 5_000);
  const other = new Uint8Array(HASH_BYTES).fill(9) as Hash32;
  const isLie = (error: unknown): boolean =>
    error instanceof Lie && error.reason === 'false-consistency';
  const claim = { size: 1_000, root: other };
  await assert.rejects(findDivergence(same.own, same.remote, 1_000, claim), isLie);
  const forked = await trees(1_000, 1_000, 500);
  await assert.rejects(findDivergence(forked.own, forked.remote, 1_000, claim), isLie);
  const mute: LogReader = { ...forked.remote, blocks: async () => [] };
  const honest = { size: 1_000, root: forked.root };
  await assert.rejects(findDivergence(forked.own, mute, 1_000, honest), isLie);
});
