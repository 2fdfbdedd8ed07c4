import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Hash32, NamespaceId } from '../src/brands.ts';
import {
  decodeSnapshotManifest,
  encodeSnapshotManifest,
  type SnapshotManifest,
} from '../src/client/snapshot-manifest.ts';
import { ProtocolError } from '../src/errors.ts';
import { RangeBuilder } from '../src/tree/compact-range.ts';
import { checkOlderTile, tilesOnPath } from '../src/tree/older-tiles.ts';
import { inclusionProof, nodesForInclusion } from '../src/tree/proof.ts';
import { tilesForNodes } from '../src/tree/tile-path.ts';
import { tileHashReader } from '../src/tree/tile-reader.ts';
import { decodeEdge, TileBuilder } from '../src/tree/tiles.ts';
import { verifyInclusion } from '../src/tree/verify.ts';

/** Full tiles of levels 0 and 1 and a partial one of level 2. */
const SIZE = 256 * 256 + 256 * 5 + 77;

const leaf = (index: number): Hash32 => {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, index);
  return bytes as Hash32;
};

/** One tree, made once: its full tiles, and its builder at each bundle border that is asked for. */
const tiles = new Map<string, Uint8Array>();
const edges = new Map<number, { edge: Uint8Array; root: Hash32 }>();
const whole = new TileBuilder();
for (let index = 0; index < SIZE; index++) {
  if (index % 256 === 0) edges.set(index, { edge: whole.encodeEdge(), root: whole.root() });
  whole.append(leaf(index));
  for (const tile of whole.takeFullTiles()) tiles.set(`${tile.level}/${tile.index}`, tile.bytes);
}

function edgeAt(size: number): Uint8Array {
  const known = edges.get(size);
  assert(known !== undefined);
  return known.edge;
}

const border = fc.integer({ min: 1, max: Math.floor(SIZE / 256) }).map((bundle) => bundle * 256);

function manifestOf(from: number, height: number): SnapshotManifest {
  const range = new RangeBuilder();
  for (let index = 0; index < height; index++) range.append(leaf(index));
  const bundleRoots: Hash32[] = [];
  for (let at = from; at < height; at += 256) {
    const bundle = new RangeBuilder();
    for (let index = at; index < Math.min(height, at + 256); index++) bundle.append(leaf(index));
    bundleRoots.push(bundle.root());
  }
  const snapshot = {
    namespace: '00000000-0000-8000-8000-000000000001' as NamespaceId,
    height,
    root: range.root(),
    peaks: range.peaks(),
    headHash: leaf(1) as Uint8Array as SnapshotManifest['snapshot']['headHash'],
    blockCount: height,
    totalSizeBytes: 5,
    createdMs: 7,
  };
  const edge = edgeAt(from);
  return { snapshot, from, edge, olderSizeBytes: 1, keyBlocks: [0], bundleRoots };
}

test('an edge and bundles make the root at any two heights, and no other edge does', () => {
  fc.assert(
    fc.property(border, fc.integer({ min: 1, max: 900 }), fc.nat(), (from, more, at) => {
      fc.pre(from < SIZE);
      const manifest = manifestOf(from, Math.min(SIZE, from + more));
      fc.pre(manifest.snapshot.height > from);
      assert.deepEqual(decodeSnapshotManifest(encodeSnapshotManifest(manifest)), manifest);
      const edge = manifest.edge.slice();
      edge[at % edge.length] = (edge[at % edge.length] as number) ^ 1;
      const wrong = encodeSnapshotManifest({ ...manifest, edge });
      assert.throws(() => decodeSnapshotManifest(wrong), ProtocolError);
      const roots = manifest.bundleRoots.with(at % manifest.bundleRoots.length, leaf(3));
      const other = encodeSnapshotManifest({ ...manifest, bundleRoots: roots });
      assert.throws(() => decodeSnapshotManifest(other), ProtocolError);
    }),
    { numRuns: 8 },
  );
});

test('the tiles on a leaf’s path belong to the tree, and no other ones do', () => {
  fc.assert(
    fc.property(border, fc.nat(), fc.nat(), (from, seed, at) => {
      const index = seed % from;
      const edge = { size: from, edge: edgeAt(from) };
      const path = tilesOnPath(index, from);
      assert(path.length >= 1);
      const read = (level: number, place: number) => tiles.get(`${level}/${place}`);
      for (const { level, index: place } of path) {
        const bytes = read(level, place);
        assert(bytes !== undefined);
        checkOlderTile({ level, index: place, bytes }, edge, read);
        const altered = bytes.with(at % bytes.length, (bytes[at % bytes.length] as number) ^ 1);
        const wrong = { level, index: place, bytes: altered };
        assert.throws(() => checkOlderTile(wrong, edge, read), ProtocolError);
      }
    }),
    { numRuns: 60 },
  );
});

test('with its path and the edge a leaf is proven in every later tree', () => {
  fc.assert(
    fc.property(border, fc.nat(), fc.nat(), (from, seed, later) => {
      const index = seed % from;
      const size = later % 4 === 0 ? SIZE : from + (later % (SIZE - from + 1));
      const kept = new Set(tilesOnPath(index, from).map((tile) => `${tile.level}/${tile.index}`));
      for (const { level, index: place } of tilesForNodes(nodesForInclusion(index, size), size)) {
        const isOlder = (place + 1) * 256 ** (level + 1) <= from;
        assert(!isOlder || kept.has(`${level}/${place}`), `${level}/${place} of ${index}`);
      }
      if (size !== SIZE) return;
      const partial = [whole.partialTile(0), ...decodeEdge(SIZE, whole.encodeEdge())];
      const read = tileHashReader(SIZE, (level, place) => {
        return tiles.get(`${level}/${place}`) ?? (partial[level] as Uint8Array);
      });
      const proof = inclusionProof(index, SIZE, read);
      verifyInclusion({ leafHash: leaf(index), index, size: SIZE, root: whole.root(), proof });
    }),
    { numRuns: 300 },
  );
});
