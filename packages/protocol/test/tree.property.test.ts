import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Hash32 } from '../src/brands.ts';
import { toHex, utf8 } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import type { HashFunction } from '../src/suite.ts';
import { decodeBundle, encodeBundle } from '../src/tree/bundle.ts';
import {
  appendLeaf,
  type CompactRange,
  decodeRange,
  emptyRange,
  encodeRange,
  RangeBuilder,
  rangeRoot,
} from '../src/tree/compact-range.ts';
import { leafHash, nodeHash, sha256 } from '../src/tree/hash.ts';
import {
  consistencyProof,
  type HashReader,
  inclusionProof,
  nodesForConsistency,
  nodesForInclusion,
  subtreeConsistencyProof,
  subtreeInclusionProof,
  treeRoot,
} from '../src/tree/proof.ts';
import { parseTilePath, tilePath, tilesForNodes, tilesForSize } from '../src/tree/tile-path.ts';
import { tileHashReader } from '../src/tree/tile-reader.ts';
import { type BuiltTile, decodeEdge, TileBuilder } from '../src/tree/tiles.ts';
import {
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '../src/tree/verify.ts';
import { flipBit, naiveRoot, sampleLeaves } from './tree-helpers.ts';

const LEAVES_MAX = 1500;
const leaves = sampleLeaves(LEAVES_MAX);

/** A log in memory: full tiles by path, partial ones from the builder. */
function logOf(
  size: number,
  hash: HashFunction = sha256,
): { builder: TileBuilder; read: HashReader; full: BuiltTile[] } {
  const builder = new TileBuilder(undefined, hash);
  for (const leaf of leaves.slice(0, size)) builder.append(leaf);
  const tiles = new Map<string, Uint8Array>();
  const full = builder.takeFullTiles();
  for (const tile of full) tiles.set(`${tile.level}/${tile.index}`, tile.bytes);
  const read = tileHashReader(
    size,
    (level, index, width) => {
      const bytes = tiles.get(`${level}/${index}`) ?? builder.partialTile(level);
      assert.equal(bytes.length, width * 32);
      return bytes;
    },
    hash,
  );
  return { builder, read, full };
}

const log = logOf(LEAVES_MAX);

function refused(run: () => void): void {
  assert.throws(run, (error) => error instanceof ProtocolError && error.code === 'invalid-proof');
}

/** Wrong in one place; each must be refused. */
function mutations(proof: readonly Uint8Array[], bit: number): Uint8Array[][] {
  const all: Uint8Array[][] = [[...proof, leaves[0] as Hash32]];
  for (let i = 0; i < proof.length; i++) {
    const wrong = [...proof];
    wrong[i] = flipBit(proof[i] as Uint8Array, bit);
    const short = [...proof];
    short[i] = (proof[i] as Uint8Array).slice(0, 31);
    all.push(
      wrong,
      short,
      proof.filter((_, j) => j !== i),
    );
  }
  return all;
}

test('the builder has the root of RFC 6962 at every size from 0 to 600', () => {
  const builder = new TileBuilder();
  const fast = new RangeBuilder();
  let range: CompactRange = emptyRange();
  for (let size = 0; size <= 600; size++) {
    const expected = toHex(naiveRoot(leaves.slice(0, size)));
    assert.equal(toHex(builder.root()), expected, `size ${size}`);
    assert.equal(toHex(fast.root()), expected, `size ${size}`);
    assert.equal(toHex(rangeRoot(range)), expected, `size ${size}`);
    const leaf = leaves[size] as Hash32;
    builder.append(leaf);
    fast.append(leaf);
    range = appendLeaf(range, leaf);
    assert.deepEqual(builder.range(), range);
  }
});

test('a tree of 70,000 leaves has the tiles that tlog-tiles names', () => {
  const builder = new TileBuilder();
  for (let i = 0; i < 70_000; i++) builder.append(leaves[i % LEAVES_MAX] as Hash32);
  const full = builder.takeFullTiles();
  assert.equal(full.filter((tile) => tile.level === 0).length, 273);
  assert.equal(full.filter((tile) => tile.level === 1).length, 1);
  assert.deepEqual(
    [0, 1, 2, 3].map((level) => builder.partialTile(level).length / 32),
    [112, 17, 1, 0],
  );
  const tiles = [...tilesForSize(70_000)];
  assert.equal(tiles.length, 273 + 1 + 1 + 1 + 1);
  assert.equal([...tilesForSize(70_000, 69_999)].length, 1);
});

/** Roots of every size up to 40 by some tree maker, against the definition. */
function agreesWithDefinition(rootOf: (data: readonly Uint8Array[]) => Uint8Array): boolean {
  const data = Array.from({ length: 40 }, (_, i) => utf8(`entry ${i}`));
  return data.every((_, i) => {
    const part = data.slice(0, i + 1);
    const expected = naiveRoot(part.map((entry) => leafHash(entry)));
    return toHex(rootOf(part)) === toHex(expected);
  });
}

function builtRoot(data: readonly Uint8Array[], hash: HashFunction): Uint8Array {
  const builder = new TileBuilder(undefined, hash);
  for (const entry of data) builder.append(leafHash(entry, hash));
  return builder.root();
}

test('leaf prefix, node prefix, order and odd nodes: a mutant of any is noticed', () => {
  assert.ok(agreesWithDefinition((data) => builtRoot(data, sha256)));
  const isNode = (input: Uint8Array): boolean => input.length === 65 && input[0] === 1;
  const mutants: Record<string, HashFunction> = {
    leafPrefix: (input) => sha256(isNode(input) ? input : input.subarray(1)),
    nodePrefix: (input) => sha256(isNode(input) ? input.with(0, 0) : input),
    order: (input) =>
      isNode(input)
        ? sha256(Uint8Array.of(1, ...input.subarray(33), ...input.subarray(1, 33)))
        : sha256(input),
    oneBit: (input) => sha256(isNode(input) ? flipBit(input, 100) : input),
  };
  for (const [name, mutant] of Object.entries(mutants)) {
    assert.ok(!agreesWithDefinition((data) => builtRoot(data, mutant)), name);
    const { builder, read } = logOf(7, mutant);
    const proof = inclusionProof(2, 7, read, mutant);
    const claim = { leafHash: leaves[2] as Hash32, index: 2, size: 7, root: builder.root(), proof };
    verifyInclusion(claim, mutant);
    if (name !== 'leafPrefix') refused(() => verifyInclusion(claim));
  }
  // An odd last node that is paired with itself, as some other trees do.
  const duplicating = (data: readonly Uint8Array[]): Uint8Array => {
    let row = data.map((entry) => leafHash(entry));
    while (row.length > 1) {
      if (row.length % 2 === 1) row = [...row, row.at(-1) as Hash32];
      row = row.flatMap((node, i) => (i % 2 === 0 ? [nodeHash(node, row[i + 1] as Hash32)] : []));
    }
    return row[0] as Hash32;
  };
  assert.ok(!agreesWithDefinition(duplicating));
  // A builder that forgets the peaks of its last tile, as a wrong restart would.
  const forgetting = (data: readonly Uint8Array[]): Uint8Array => {
    const kept = data.length - (data.length % 8);
    return builtRoot(data.slice(0, Math.max(1, kept)), sha256);
  };
  assert.ok(!agreesWithDefinition(forgetting));
});

test('inclusion proofs out of tiles verify, and no changed claim does', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: LEAVES_MAX }),
      fc.nat(),
      fc.nat({ max: 255 }),
      (size, pick, bit) => {
        const index = pick % size;
        const root = treeRoot(size, log.read);
        const proof = inclusionProof(index, size, log.read);
        const claim = { leafHash: leaves[index] as Hash32, index, size, root, proof };
        verifyInclusion(claim);
        for (const wrong of mutations(proof, bit))
          refused(() => verifyInclusion({ ...claim, proof: wrong }));
        refused(() => verifyInclusion({ ...claim, root: flipBit(root, bit) }));
        refused(() => verifyInclusion({ ...claim, root: new Uint8Array(0) }));
        refused(() => verifyInclusion({ ...claim, leafHash: flipBit(claim.leafHash, bit) }));
        if (size > 1) refused(() => verifyInclusion({ ...claim, index: (index + 1) % size }));
        for (const other of [index - 1 - size, size, 1.5, Number.NaN, -1]) {
          refused(() => verifyInclusion({ ...claim, index: other }));
        }
        refused(() => verifyInclusion({ ...claim, size: 0 }));
      },
    ),
    { numRuns: 120 },
  );
});

test('a proof for one size is refused for a size with another path', () => {
  for (let size = 1; size < 40; size++) {
    for (let index = 0; index < size; index++) {
      const root = treeRoot(size, log.read);
      const proof = inclusionProof(index, size, log.read);
      const other = inclusionProof(index, size + 1, log.read);
      if (proof.length === other.length) continue;
      const claim = { leafHash: leaves[index] as Hash32, index, root, proof };
      refused(() => verifyInclusion({ ...claim, size: size + 1 }));
    }
  }
});

test('consistency proofs out of tiles verify, and no changed claim does', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: LEAVES_MAX }),
      fc.integer({ min: 0, max: LEAVES_MAX }),
      fc.nat({ max: 255 }),
      (a, b, bit) => {
        const [fromSize, toSize] = a < b ? [a, b] : [b, a];
        const fromRoot = treeRoot(fromSize, log.read);
        const toRoot = treeRoot(toSize, log.read);
        const proof = consistencyProof(fromSize, toSize, log.read);
        const claim = { fromSize, toSize, fromRoot, toRoot, proof };
        verifyConsistency(claim);
        for (const wrong of mutations(proof, bit)) {
          refused(() => verifyConsistency({ ...claim, proof: wrong }));
        }
        refused(() => verifyConsistency({ ...claim, fromRoot: flipBit(fromRoot, bit) }));
        // From nothing anything follows, so there the later root is not checked by the proof.
        if (fromSize > 0)
          refused(() => verifyConsistency({ ...claim, toRoot: flipBit(toRoot, bit) }));
        refused(() => verifyConsistency({ ...claim, toRoot: toRoot.slice(1) }));
        if (fromSize < toSize) {
          refused(() => verifyConsistency({ ...claim, fromSize: toSize, toSize: fromSize }));
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('sub-tree proofs verify at every sub-tree of every size up to 32', () => {
  for (let size = 1; size <= 32; size++) {
    const root = treeRoot(size, log.read);
    for (let start = 0; start < size; start++) {
      for (let end = start + 1; end <= size; end++) {
        let width = 1;
        while (width < end - start) width *= 2;
        if (start % width !== 0) continue;
        const subtreeRoot = naiveRoot(leaves.slice(start, end));
        const proof = subtreeConsistencyProof(start, end, size, log.read);
        const claim = { start, end, size, subtreeRoot, root, proof };
        verifySubtreeConsistency(claim);
        refused(() => verifySubtreeConsistency({ ...claim, root: flipBit(root, size) }));
        refused(() => verifySubtreeConsistency({ ...claim, subtreeRoot: flipBit(subtreeRoot, 7) }));
        const path = subtreeInclusionProof(end - 1, start, end, log.read);
        const leaf = leaves[end - 1] as Hash32;
        const inside = {
          leafHash: leaf,
          index: end - 1,
          start,
          end,
          root: subtreeRoot,
          proof: path,
        };
        verifySubtreeInclusion(inside);
        refused(() => verifySubtreeInclusion({ ...inside, leafHash: flipBit(leaf, 3) }));
      }
    }
  }
});

test('prefetched tiles hold all the nodes that a proof reads', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: LEAVES_MAX }), fc.nat(), (size, pick) => {
      const index = pick % size;
      const fetched = new Set(
        tilesForNodes(
          [...nodesForInclusion(index, size), ...nodesForConsistency(index, size)],
          size,
        ).map(tilePath),
      );
      const all = new Map([...tilesForSize(size)].map((tile) => [tilePath(tile), tile]));
      for (const path of fetched) assert.ok(all.has(path), path);
      const { builder, full: tiles } = logOf(size);
      const full = new Map(tiles.map((t) => [`${t.level}/${t.index}`, t.bytes]));
      const read = tileHashReader(size, (level, tile, width) => {
        assert.ok(fetched.has(tilePath({ level, index: tile, width })));
        return full.get(`${level}/${tile}`) ?? builder.partialTile(level);
      });
      inclusionProof(index, size, read);
      consistencyProof(index, size, read);
    }),
    { numRuns: 40 },
  );
});

test('a builder made from stored state goes on as the one that was stored', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1100 }),
      fc.integer({ min: 0, max: 300 }),
      (size, more) => {
        const { builder } = logOf(size);
        const edge = builder.encodeEdge();
        assert.equal(
          decodeEdge(size, edge).reduce((sum, tile) => sum + tile.length, 0),
          edge.length,
        );
        const again = new TileBuilder({ size, leaves: builder.partialTile(0).slice(), edge });
        builder.takeFullTiles();
        for (const leaf of leaves.slice(size, size + more)) {
          builder.append(leaf);
          again.append(leaf);
        }
        assert.deepEqual(again.root(), builder.root());
        assert.deepEqual(again.range(), builder.range());
        assert.deepEqual(again.takeFullTiles(), builder.takeFullTiles());
        assert.deepEqual(again.encodeEdge(), builder.encodeEdge());
      },
    ),
    { numRuns: 30 },
  );
});

test('restore takes back an append without touching what was handed out', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 600 }),
      fc.integer({ min: 0, max: 600 }),
      fc.boolean(),
      (size, more, take) => {
        const { builder, full: before } = logOf(size);
        const copy = before.map((tile) => tile.bytes.slice());
        const snapshot = builder.snapshot();
        for (const leaf of leaves.slice(size, size + more)) builder.append(leaf);
        const view = builder.partialTile(0);
        const viewCopy = view.slice();
        const taken = take ? builder.takeFullTiles() : [];
        const takenCopy = taken.map((tile) => tile.bytes.slice());
        builder.restore(snapshot);
        assert.deepEqual(builder.root(), naiveRoot(leaves.slice(0, size)));
        const others = sampleLeaves(more, 'other');
        for (const leaf of others) builder.append(leaf);
        assert.deepEqual(builder.root(), naiveRoot([...leaves.slice(0, size), ...others]));
        assert.deepEqual(view, viewCopy);
        assert.deepEqual(
          taken.map((tile) => tile.bytes),
          takenCopy,
        );
        assert.deepEqual(
          before.map((tile) => tile.bytes),
          copy,
        );
        const straight = new TileBuilder();
        for (const leaf of [...leaves.slice(0, size), ...others]) straight.append(leaf);
        assert.deepEqual([...before, ...builder.takeFullTiles()], straight.takeFullTiles());
      },
    ),
    { numRuns: 30 },
  );
});

test('compact ranges, bundles and paths come back as they were', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 700 }), (size) => {
      const range = logOf(size).builder.range();
      assert.deepEqual(decodeRange(encodeRange(range)), range);
      assert.deepEqual(new RangeBuilder(range).root(), rangeRoot(range));
    }),
    { numRuns: 20 },
  );
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 256 }), (entries) => {
      assert.deepEqual(decodeBundle(encodeBundle(entries)), entries);
    }),
    { numRuns: 30 },
  );
  fc.assert(
    fc.property(
      fc.nat({ max: 6 }),
      fc.maxSafeNat(),
      fc.integer({ min: 1, max: 256 }),
      (level, index, width) => {
        assert.deepEqual(parseTilePath(tilePath({ level, index, width })), { level, index, width });
      },
    ),
  );
});

test('decoders of the tree throw nothing but ProtocolError', () => {
  const decoders = [
    (bytes: Uint8Array) => decodeBundle(bytes),
    (bytes: Uint8Array) => decodeBundle(bytes, 3),
    (bytes: Uint8Array) => decodeRange(bytes),
    (bytes: Uint8Array) => decodeEdge(bytes.length * 300, bytes),
    (bytes: Uint8Array) => parseTilePath(`tile/${String.fromCharCode(...bytes)}`),
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      for (const decode of decoders) {
        try {
          decode(bytes);
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error));
        }
      }
    }),
    { numRuns: 500 },
  );
});
