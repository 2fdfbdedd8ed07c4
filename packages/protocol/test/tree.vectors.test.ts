import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { conformanceFile, skipReason } from '../../../tools/testing/conformance.ts';
import type { Hash32 } from '../src/brands.ts';
import { fromBase64, fromHex, toHex } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import { EMPTY_ROOT, leafHash, sha256 } from '../src/tree/hash.ts';
import { TileBuilder } from '../src/tree/tiles.ts';
import {
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '../src/tree/verify.ts';

const SET = 'transparency-dev-merkle';
const skip = skipReason(SET, 'inclusion.json');

interface Case {
  readonly desc: string;
  readonly wantErr: boolean;
  readonly proof: readonly string[] | null;
  readonly [field: string]: unknown;
}

function cases(file: string): [string, Case][] {
  const path = conformanceFile(SET, file) as string;
  return Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, Case>);
}

function accepts(run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    assert.ok(error instanceof ProtocolError && error.code === 'invalid-proof', String(error));
    return false;
  }
}

/**
 * Some valid cases have the text "don't care" for a root, which upstream never looks at the length
 * of. We refuse every root that is not 32 bytes long; with the text hashed they must pass.
 */
const PLACEHOLDER = /^ZG9uJ3QgY2FyZSA[xy]$/;

function check(
  file: string,
  expected: { readonly cases: number; readonly placeholders: number },
  run: (vector: Case, bytes: (field: string) => Uint8Array) => void,
): void {
  let placeholders = 0;
  const all = cases(file);
  for (const [name, vector] of all) {
    const read = (field: string): Uint8Array => fromBase64(vector[field] as string);
    const label = `${file} ${name}: ${vector.desc}`;
    const hasPlaceholder = Object.values(vector).some((value) => PLACEHOLDER.test(String(value)));
    const verdict = accepts(() => run(vector, read));
    if (vector.wantErr || !hasPlaceholder) {
      assert.equal(verdict, !vector.wantErr, label);
      continue;
    }
    placeholders++;
    assert.equal(verdict, false, label);
    const padded = (field: string): Uint8Array =>
      PLACEHOLDER.test(vector[field] as string) ? sha256(read(field)) : read(field);
    assert.equal(
      accepts(() => run(vector, padded)),
      true,
      label,
    );
  }
  assert.deepEqual({ cases: all.length, placeholders }, expected);
}

const hashes = (vector: Case): Uint8Array[] => (vector.proof ?? []).map(fromBase64);
const count = (value: unknown): number => value as number;

test('transparency-dev/merkle inclusion, 98 cases', { skip }, () => {
  check('inclusion.json', { cases: 98, placeholders: 0 }, (vector, bytes) =>
    verifyInclusion({
      leafHash: bytes('leafHash'),
      index: count(vector['leafIdx']),
      size: count(vector['treeSize']),
      root: bytes('root'),
      proof: hashes(vector),
    }),
  );
});

test('transparency-dev/merkle consistency, 98 cases', { skip }, () => {
  check('consistency.json', { cases: 98, placeholders: 1 }, (vector, bytes) =>
    verifyConsistency({
      fromSize: count(vector['size1']),
      toSize: count(vector['size2']),
      fromRoot: bytes('root1'),
      toRoot: bytes('root2'),
      proof: hashes(vector),
    }),
  );
});

test('transparency-dev/merkle sub-tree inclusion, 204 cases', { skip }, () => {
  check('subtreeinclusion.json', { cases: 204, placeholders: 0 }, (vector, bytes) =>
    verifySubtreeInclusion({
      leafHash: bytes('leafHash'),
      index: count(vector['leafIdx']),
      start: count(vector['start']),
      end: count(vector['end']),
      root: bytes('root'),
      proof: hashes(vector),
    }),
  );
});

test('transparency-dev/merkle sub-tree consistency, 118 cases', { skip }, () => {
  check('subtreeconsistency.json', { cases: 118, placeholders: 3 }, (vector, bytes) =>
    verifySubtreeConsistency({
      start: count(vector['start']),
      end: count(vector['end']),
      size: count(vector['size']),
      subtreeRoot: bytes('root1'),
      root: bytes('root2'),
      proof: hashes(vector),
    }),
  );
});

test('the 8-leaf tree of RFC 6962 implementations', { skip }, () => {
  const path = conformanceFile(SET, 'rfc6962-8-leaf-tree.json') as string;
  const tree = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string[]>;
  assert.equal(toHex(EMPTY_ROOT), tree['emptyRootHex']);
  const builder = new TileBuilder();
  const leaves: Hash32[] = [];
  for (const [i, input] of (tree['leafInputsHex'] as string[]).entries()) {
    leaves.push(leafHash(fromHex(input)));
    builder.append(leaves[i] as Hash32);
    assert.equal(toHex(builder.root()), tree['rootHashesHexBySize1to8']?.[i]);
  }
  assert.deepEqual(leaves.map(toHex), tree['nodeHashesHexLevelOrder']?.slice(0, 8));
});
