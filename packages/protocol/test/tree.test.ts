import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../src/errors.ts';
import { appendLeaf, emptyRange } from '../src/tree/compact-range.ts';
import { EMPTY_ROOT } from '../src/tree/hash.ts';
import { inclusionProof, nodesForInclusion, treeRoot } from '../src/tree/proof.ts';
import { entriesPath, parseTilePath, partialTiles, tilePath } from '../src/tree/tile-path.ts';
import { tileHashReader } from '../src/tree/tile-reader.ts';
import { TileBuilder } from '../src/tree/tiles.ts';
import { rootFromInclusion } from '../src/tree/verify.ts';
import { sampleLeaves } from './tree-helpers.ts';

const coded = (code: string) => (error: unknown) =>
  error instanceof ProtocolError && error.code === code;

test('tile paths are spelled as in tlog-tiles', () => {
  assert.equal(tilePath({ level: 0, index: 1_234_067, width: 256 }), 'tile/0/x001/x234/067');
  assert.equal(tilePath({ level: 2, index: 0, width: 8 }), 'tile/2/000.p/8');
  assert.equal(entriesPath({ index: 1067, width: 255 }), 'tile/entries/x001/067.p/255');
  assert.deepEqual(parseTilePath('tile/entries/x001/067.p/255'), {
    level: 'entries',
    index: 1067,
    width: 255,
  });
  const wrong = [
    'tile/00/000',
    'tile/7/000',
    'tile/64/000',
    'tile/0/00',
    'tile/0/x000/001',
    'tile/0/1000',
    'tile/0/x001/067.p/0',
    'tile/0/x001/067.p/256',
    'tile/0/x001/067.p/08',
    'tile/0/067/',
    '/tile/0/067',
    'tile/0/x999/x999/x999/x999/x999/999',
    'tile/0/.p/1',
    '',
  ];
  for (const path of wrong) assert.throws(() => parseTilePath(path), coded('malformed'), path);
});

test('partial tiles of 70,000 leaves', () => {
  assert.deepEqual(partialTiles(70_000), [
    { level: 0, index: 273, width: 112 },
    { level: 1, index: 1, width: 17 },
    { level: 2, index: 0, width: 1 },
  ]);
  assert.deepEqual(partialTiles(0), []);
});

test('the tree without leaves', () => {
  const read = tileHashReader(0, () => new Uint8Array(0));
  assert.deepEqual(treeRoot(0, read), EMPTY_ROOT);
  assert.deepEqual(new TileBuilder().root(), EMPTY_ROOT);
  assert.throws(() => inclusionProof(0, 0, read), coded('invalid-index'));
  assert.throws(() => nodesForInclusion(3, 3), coded('invalid-index'));
  assert.throws(() => read(0, 0), coded('invalid-index'));
});

test('wrong lengths are refused where they enter', () => {
  const builder = new TileBuilder();
  assert.throws(() => builder.append(new Uint8Array(31)), coded('malformed'));
  const state = { size: 300, leaves: new Uint8Array(44 * 32), edge: new Uint8Array(32) };
  assert.equal(new TileBuilder(state).size, 300);
  assert.throws(
    () => new TileBuilder({ ...state, leaves: new Uint8Array(32) }),
    coded('malformed'),
  );
  assert.throws(() => new TileBuilder({ ...state, edge: new Uint8Array(0) }), coded('malformed'));
  assert.throws(() => new TileBuilder({ ...state, size: 0.5 }), coded('malformed'));
  const read = tileHashReader(5, () => new Uint8Array(4 * 32));
  assert.throws(() => read(0, 0), coded('malformed'));
});

test('a full tile stands in for a partial one that has vanished', () => {
  const leaves = sampleLeaves(256);
  const builder = new TileBuilder();
  for (const leaf of leaves) builder.append(leaf);
  const [tile] = builder.takeFullTiles();
  const read = tileHashReader(100, () => tile?.bytes as Uint8Array);
  const proof = inclusionProof(99, 100, read);
  const leaf = leaves[99] as Uint8Array;
  assert.deepEqual(
    rootFromInclusion({ leafHash: leaf, index: 99, size: 100, proof }),
    treeRoot(100, read),
  );
});

test('appending leaves the old range as it was', () => {
  const [a, b] = sampleLeaves(2);
  const one = appendLeaf(emptyRange(), a as never);
  const two = appendLeaf(one, b as never);
  assert.equal(one.size, 1);
  assert.deepEqual(one.peaks, [a]);
  assert.equal(two.peaks.length, 1);
});
