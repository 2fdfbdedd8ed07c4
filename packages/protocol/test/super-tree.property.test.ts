import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeBlock } from '../src/block/block.ts';
import { createBlock, createGenesisBlock } from '../src/block/sign.ts';
import type { BlockHash, Hash32, NamespaceId } from '../src/brands.ts';
import { compareBytes, concatBytes, dataView, toHex, utf8, writeU64 } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import { namespaceBytes, namespaceId } from '../src/namespace/id.ts';
import { nobleProvider } from '../src/suites/noble.ts';
import { createSigner } from '../src/suites/signer.ts';
import {
  decodeSuperInclusion,
  encodeSuperInclusion,
  verifySuperInclusion,
} from '../src/super/super-inclusion.ts';
import {
  decodeSuperTreeProof,
  encodeSuperTreeProof,
  proveInSuperTree,
  type SuperEnd,
  type SuperTreeProof,
  verifySuperTreeProof,
} from '../src/super/super-proof.ts';
import { decodeSuperRoot, encodeSuperRoot, SUPER_ROOT_BYTES } from '../src/super/super-root.ts';
import {
  emptySuperTree,
  type SuperTree,
  type SuperValue,
  setSuperValue,
  superTreeRoot,
  superValue,
} from '../src/super/super-tree.ts';
import { EMPTY_ROOT, leafHash, sha256 } from '../src/tree/hash.ts';
import { inclusionProof, treeRoot } from '../src/tree/proof.ts';
import { tileHashReader } from '../src/tree/tile-reader.ts';
import { TileBuilder } from '../src/tree/tiles.ts';
import { flipBit } from './tree-helpers.ts';

const nameOf = (n: number): NamespaceId => {
  const bytes = new Uint8Array(16);
  dataView(bytes).setUint32(12, n);
  return namespaceId(bytes);
};
const valueOf = (n: number): SuperValue => ({
  size: n,
  root: leafHash(utf8(`root ${n}`)),
  headHash: leafHash(utf8(`head ${n}`)),
});

/** The definition, word for word, over a sorted list: what the persistent tree is held against. */
function naiveSuperRoot(model: ReadonlyMap<NamespaceId, SuperValue>): Hash32 {
  const list = [...model].map(([name, value]) => ({ key: sha256(namespaceBytes(name)), value }));
  list.sort((a, b) => compareBytes(a.key, b.key));
  const bit = (key: Uint8Array, i: number) => ((key[i >> 3] as number) >> (7 - (i % 8))) & 1;
  const root = (part: typeof list): Uint8Array => {
    const [first, last] = [part[0], part.at(-1)];
    if (first === undefined || last === undefined) return EMPTY_ROOT;
    if (part.length === 1) {
      const size = new Uint8Array(8);
      writeU64(dataView(size), 0, first.value.size);
      const { root: treeHead, headHash } = first.value;
      return sha256(concatBytes(Uint8Array.of(2), first.key, size, treeHead, headHash));
    }
    let depth = 0;
    while (bit(first.key, depth) === bit(last.key, depth)) depth++;
    const prefix = first.key.map((byte, i) => {
      const kept = Math.max(0, Math.min(8, depth - 8 * i));
      return byte & (0xff00 >> kept);
    });
    const left = root(part.filter(({ key }) => bit(key, depth) === 0));
    const right = root(part.filter(({ key }) => bit(key, depth) === 1));
    return sha256(concatBytes(Uint8Array.of(3, depth), prefix, left, right));
  };
  return root(list) as Hash32;
}

function refused(run: () => unknown): void {
  assert.throws(run, (error) => error instanceof ProtocolError && error.code === 'invalid-proof');
}

/** Every proof that differs in one place. */
function mutantsOf(proof: SuperTreeProof, bit: number): SuperTreeProof[] {
  const { path, end } = proof;
  const flipped = <Bytes extends Uint8Array>(bytes: Bytes): Bytes => flipBit(bytes, bit) as Bytes;
  const mutants: SuperTreeProof[] = [
    { path: [...path, { depth: 255, sibling: EMPTY_ROOT }], end },
    { path, end: { kind: 'empty' } },
    { path, end: { kind: 'present', value: valueOf(12_345) } },
    { path, end: { kind: 'leaf', key: leafHash(utf8('stranger')), value: valueOf(12_345) } },
  ];
  for (const [i, step] of path.entries()) {
    mutants.push(
      { path: path.with(i, { ...step, sibling: flipped(step.sibling) }), end },
      { path: path.with(i, { ...step, sibling: step.sibling.slice(1) as Hash32 }), end },
      { path: path.with(i, { ...step, depth: (step.depth + 1) % 256 }), end },
      { path: path.with(i, { ...step, depth: step.depth + 0.5 }), end },
      { path: path.filter((_, j) => j !== i), end },
    );
  }
  const ends: SuperEnd[] = [];
  if (end.kind === 'present' || end.kind === 'leaf') {
    const { value } = end;
    ends.push(
      { ...end, value: { ...value, size: value.size + 1 } },
      { ...end, value: { ...value, root: flipped(value.root) } },
      { ...end, value: { ...value, headHash: flipped(value.headHash) } },
      { ...end, value: { ...value, headHash: value.headHash.slice(1) as BlockHash } },
    );
  }
  if (end.kind === 'leaf') ends.push({ ...end, key: flipped(end.key) });
  if (end.kind === 'branch') {
    ends.push(
      { ...end, depth: end.depth + 1 },
      { ...end, prefix: flipped(end.prefix) },
      { ...end, left: flipped(end.left) },
      { ...end, right: flipped(end.right) },
    );
  }
  return [...mutants, ...ends.map((other) => ({ path, end: other }))];
}

const changes = fc.array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 1000 })), { maxLength: 60 });

test('the tree says of every namespace what a map says, with a proof', () => {
  fc.assert(
    fc.property(changes, fc.nat({ max: 80 }), fc.nat({ max: 255 }), (list, asked, bit) => {
      const model = new Map<NamespaceId, SuperValue>();
      let tree: SuperTree = emptySuperTree();
      const history: [SuperTree, string][] = [];
      for (const [n, size] of list) {
        tree = setSuperValue(tree, nameOf(n), valueOf(size));
        model.set(nameOf(n), valueOf(size));
        history.push([tree, toHex(superTreeRoot(tree))]);
      }
      const root = superTreeRoot(tree);
      assert.deepEqual(root, naiveSuperRoot(model));
      assert.equal(tree.count, model.size);
      const name = nameOf(asked);
      const expected = model.get(name);
      assert.deepEqual(superValue(tree, name), expected);
      const proof = proveInSuperTree(tree, name);
      assert.deepEqual(verifySuperTreeProof(proof, name, root), expected);
      assert.equal(proof.end.kind === 'present', expected !== undefined);
      assert.deepEqual(decodeSuperTreeProof(encodeSuperTreeProof(proof)), proof);
      refused(() => verifySuperTreeProof(proof, name, flipBit(root, bit)));
      refused(() => verifySuperTreeProof(proof, name, root.slice(1)));
      for (const mutant of mutantsOf(proof, bit)) {
        if (JSON.stringify(mutant) === JSON.stringify(proof)) continue;
        refused(() => verifySuperTreeProof(mutant, name, root));
      }
      // Another namespace cannot use the proof, unless it is as absent for the same reason.
      const other = nameOf(asked + 1000);
      if (expected !== undefined) refused(() => verifySuperTreeProof(proof, other, root));
      // Persistent: no update has changed an older tree.
      for (const [old, oldRoot] of history) {
        assert.equal(toHex(superTreeRoot({ ...old })), oldRoot);
      }
    }),
    { numRuns: 100 },
  );
});

test('the order of updates does not matter, and values are not hashed twice', () => {
  let calls = 0;
  const counting = (data: Uint8Array): Uint8Array => {
    calls++;
    return sha256(data);
  };
  let forward: SuperTree = emptySuperTree(counting);
  let backward: SuperTree = emptySuperTree();
  for (let i = 0; i < 500; i++) forward = setSuperValue(forward, nameOf(i), valueOf(i));
  for (let i = 499; i >= 0; i--) backward = setSuperValue(backward, nameOf(i), valueOf(i));
  assert.deepEqual(superTreeRoot(forward), superTreeRoot(backward));
  calls = 0;
  const next = setSuperValue(forward, nameOf(7), valueOf(8));
  assert.notDeepEqual(superTreeRoot(next), superTreeRoot(forward));
  assert.ok(calls < 30, `${calls} hashes for one change among 500`);
});

test('a forged presence or absence in a badly made tree finds no second way down', () => {
  // A branch that claims a prefix which a leaf below it does not have: that leaf has no proof.
  const stray = nameOf(1);
  const key = sha256(namespaceBytes(stray));
  const tree = setSuperValue(emptySuperTree(), stray, valueOf(1));
  const leaf = superTreeRoot(tree);
  const prefix = key.map((byte, i) => (i === 0 ? byte ^ 0x80 : 0));
  const depth = 8;
  const root = sha256(concatBytes(Uint8Array.of(3, depth), prefix, leaf, leaf));
  const path = [{ depth, sibling: leaf }];
  refused(() =>
    verifySuperTreeProof({ path, end: { kind: 'present', value: valueOf(1) } }, stray, root),
  );
  const end = { kind: 'branch', depth, prefix, left: leaf, right: leaf } as const;
  assert.equal(verifySuperTreeProof({ path: [], end }, stray, root), undefined);
});

test('decoders throw nothing but ProtocolError and take one spelling only', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const [decode, encode] of [
        [decodeSuperTreeProof, encodeSuperTreeProof],
        [decodeSuperRoot, encodeSuperRoot],
        [decodeSuperInclusion, encodeSuperInclusion],
      ] as const) {
        try {
          assert.deepEqual(encode(decode(bytes) as never), bytes);
        } catch (error) {
          assert.ok(error instanceof ProtocolError && error.code === 'malformed', String(error));
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('from a namespace to a head of the super-log, and no way around', () => {
  const suite = nobleProvider.suite(1);
  const signer = createSigner(suite.keyPairFromSeed(new Uint8Array(32).fill(9)));
  const tree = setSuperValue(emptySuperTree(), nameOf(1), valueOf(42));
  const genesis = createGenesisBlock({
    label: 'super',
    nonce: new Uint8Array(16),
    timestampMs: 1000,
    signer,
  });
  const superRoot = { epoch: 1, timestampMs: 2000, namespaceCount: 1, root: superTreeRoot(tree) };
  const payload = encodeSuperRoot(superRoot);
  assert.equal(payload.length, SUPER_ROOT_BYTES);
  assert.deepEqual(decodeSuperRoot(payload), superRoot);
  const next = createBlock({
    namespace: genesis.block.entry.header.namespace,
    tip: { size: 1, headHash: genesis.hash, timestampMs: 1000 },
    timestampMs: 2000,
    payloadType: 1,
    payload,
    signer,
  });
  const builder = new TileBuilder();
  for (const { block } of [genesis, next]) builder.append(leafHash(block.entry.bytes));
  const read = tileHashReader(2, () => builder.partialTile(0));
  const head = { size: 2, root: treeRoot(2, read) };
  const inclusion = {
    treeProof: proveInSuperTree(tree, nameOf(1)),
    superBlock: encodeBlock(next.block),
    size: 2,
    proof: inclusionProof(1, 2, read),
  };
  const verify = (claim: typeof inclusion, name = nameOf(1)) =>
    verifySuperInclusion(claim, name, head, nobleProvider);
  assert.deepEqual(verify(inclusion), { superRoot, value: valueOf(42), superIndex: 1 });
  assert.deepEqual(decodeSuperInclusion(encodeSuperInclusion(inclusion)), inclusion);
  const absent = { ...inclusion, treeProof: proveInSuperTree(tree, nameOf(2)) };
  assert.equal(verify(absent, nameOf(2)).value, undefined);
  refused(() => verify(inclusion, nameOf(2)));
  refused(() => verify({ ...inclusion, size: 3 }));
  refused(() => verify({ ...inclusion, proof: [] }));
  for (let at = 0; at < inclusion.superBlock.length; at++) {
    assert.throws(
      () => verify({ ...inclusion, superBlock: flipBit(inclusion.superBlock, 8 * at) }),
      ProtocolError,
    );
  }
});
