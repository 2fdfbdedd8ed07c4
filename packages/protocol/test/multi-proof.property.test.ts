import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Hash32 } from '../src/brands.ts';
import { ProtocolError } from '../src/errors.ts';
import {
  decodeMultiProof,
  encodeMultiProof,
  type MultiProof,
  multiProof,
  nodesForMultiProof,
  verifyMultiProof,
} from '../src/tree/multi-proof.ts';
import { type HashReader, inclusionProof, treeRoot } from '../src/tree/proof.ts';
import { tileHashReader } from '../src/tree/tile-reader.ts';
import { TileBuilder } from '../src/tree/tiles.ts';
import { verifyInclusion } from '../src/tree/verify.ts';
import { flipBit, sampleLeaves } from './tree-helpers.ts';

const LEAVES_MAX = 700;
const leaves = sampleLeaves(LEAVES_MAX);
const read = readerOf(LEAVES_MAX);

function readerOf(size: number): HashReader {
  const builder = new TileBuilder();
  for (const leaf of leaves.slice(0, size)) builder.append(leaf);
  const full = new Map(builder.takeFullTiles().map((t) => [`${t.level}/${t.index}`, t.bytes]));
  return tileHashReader(
    size,
    (level, index) => full.get(`${level}/${index}`) ?? builder.partialTile(level),
  );
}

function refused(run: () => void): void {
  assert.throws(run, (error) => error instanceof ProtocolError && error.code === 'invalid-proof');
}

const requests = fc.integer({ min: 1, max: LEAVES_MAX }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    indexes: fc.array(fc.nat({ max: size - 1 }), { minLength: 1, maxLength: 30 }),
    bit: fc.nat({ max: 255 }),
  }),
);

test('a multi-proof holds for just those leaves that single proofs hold for', () => {
  fc.assert(
    fc.property(requests, ({ size, indexes, bit }) => {
      const root = treeRoot(size, read);
      const proof = multiProof(indexes, size, read);
      const leafHashes = proof.indexes.map((index) => leaves[index] as Hash32);
      verifyMultiProof({ proof, leafHashes, root });
      let single = 0;
      for (const index of proof.indexes) {
        const path = inclusionProof(index, size, read);
        single += path.length;
        const leafHash = leaves[index] as Hash32;
        verifyInclusion({ leafHash, index, size, root, proof: path });
      }
      assert.ok(proof.hashes.length <= single, 'never more hashes than single proofs');

      refused(() => verifyMultiProof({ proof, leafHashes, root: flipBit(root, bit) }));
      refused(() => verifyMultiProof({ proof, leafHashes, root: new Uint8Array(0) }));
      refused(() => verifyMultiProof({ proof, leafHashes: leafHashes.slice(1), root }));
      for (let i = 0; i < leafHashes.length; i++) {
        const wrong = leafHashes.with(i, flipBit(leafHashes[i] as Hash32, bit) as Hash32);
        refused(() => verifyMultiProof({ proof, leafHashes: wrong, root }));
      }
      const mutants: MultiProof[] = [
        { ...proof, hashes: [...proof.hashes, root] },
        { ...proof, indexes: [...proof.indexes, size] },
        { ...proof, indexes: [...proof.indexes].reverse().concat(0) },
        { ...proof, indexes: [] },
        { ...proof, size: 0 },
        { ...proof, size: size + 0.5 },
      ];
      for (let i = 0; i < proof.hashes.length; i++) {
        const one = proof.hashes[i] as Hash32;
        mutants.push(
          { ...proof, hashes: proof.hashes.with(i, flipBit(one, bit) as Hash32) },
          { ...proof, hashes: proof.hashes.with(i, one.slice(1) as Hash32) },
          { ...proof, hashes: proof.hashes.filter((_, j) => j !== i) },
        );
      }
      for (const mutant of mutants) {
        refused(() => verifyMultiProof({ proof: mutant, leafHashes, root }));
      }
    }),
    { numRuns: 80 },
  );
});

test('moving a proven leaf to another index is refused', () => {
  fc.assert(
    fc.property(requests, ({ size, indexes }) => {
      const proof = multiProof(indexes, size, read);
      const leafHashes = proof.indexes.map((index) => leaves[index] as Hash32);
      const last = proof.indexes.at(-1) as number;
      if (last + 1 >= size) return;
      const moved = { ...proof, indexes: proof.indexes.with(-1, last + 1) };
      refused(() => verifyMultiProof({ proof: moved, leafHashes, root: treeRoot(size, read) }));
    }),
    { numRuns: 80 },
  );
});

test('encoding comes back, is compact, and no other bytes decode', () => {
  fc.assert(
    fc.property(requests, fc.uint8Array({ maxLength: 80 }), ({ size, indexes }, noise) => {
      const proof = multiProof(indexes, size, read);
      const bytes = encodeMultiProof(proof);
      assert.deepEqual(decodeMultiProof(bytes), proof);
      for (const wrong of [bytes.slice(0, -1), Uint8Array.of(...bytes, 0), noise]) {
        try {
          const other = decodeMultiProof(wrong);
          assert.deepEqual(encodeMultiProof(other), wrong);
        } catch (error) {
          assert.ok(error instanceof ProtocolError && error.code === 'malformed', String(error));
        }
      }
    }),
    { numRuns: 80 },
  );
  const page = Array.from({ length: 256 }, (_, i) => i + 256);
  const proof = multiProof(page, LEAVES_MAX, read);
  assert.equal(proof.hashes.length, 2, 'an aligned page needs its neighbours only');
  assert.equal(nodesForMultiProof(page, LEAVES_MAX).length, 1 + 5);
  // A number that LEB128 could spell longer.
  const padded = Uint8Array.of(
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    2,
    0,
    0,
    0,
    1,
    0x80,
    0x00,
    ...new Uint8Array(32),
  );
  assert.throws(() => decodeMultiProof(padded), ProtocolError);
});

test('indexes outside the tree and none at all are refused', () => {
  const code = (error: unknown) => error instanceof ProtocolError && error.code === 'invalid-index';
  assert.throws(() => multiProof([], 5, read), code);
  assert.throws(() => multiProof([5], 5, read), code);
  assert.throws(
    () =>
      multiProof(
        Array.from({ length: 4097 }, () => 0),
        5,
        read,
      ),
    code,
  );
});
