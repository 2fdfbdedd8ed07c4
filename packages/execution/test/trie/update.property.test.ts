import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalBytes } from '@basalt/protocol';
import { createMerkleProof, createMPT, type MerklePatriciaTrie } from '@ethereumjs/mpt';
import fc from 'fast-check';
import { ExecutionError } from '../../src/errors.ts';
import { proveKey } from '../../src/trie/load.ts';
import { EMPTY_TRIE_ROOT } from '../../src/trie/ordered-trie.ts';
import { verifyTrieProof } from '../../src/trie/verify-proof.ts';
import { MemoryTrie } from './support/memory-source.ts';

/** Keys that share beginnings of every length; short ones make nodes that stand in their parent. */
function keys(bytes: number): fc.Arbitrary<Uint8Array> {
  const near = fc
    .tuple(fc.integer({ min: 0, max: bytes - 1 }), fc.integer({ min: 0, max: 255 }))
    .map(([at, byte]) => new Uint8Array(bytes).with(at, byte));
  const far = fc.uint8Array({ minLength: bytes, maxLength: bytes });
  const nearFar = fc.tuple(near, far, fc.nat(bytes)).map(([one, other, at]) => {
    const mixed = one.slice();
    mixed.set(other.subarray(at), at);
    return mixed;
  });
  return fc.oneof(near, nearFar, far);
}

/** EthereumJS tells nodes that stand in their parent twice; eth_getProof does not. */
async function oracleProof(oracle: MerklePatriciaTrie, key: Uint8Array): Promise<Uint8Array[]> {
  if (equalBytes(oracle.root(), EMPTY_TRIE_ROOT)) return [];
  const nodes = await createMerkleProof(oracle, key);
  return nodes.filter((node, index) => index === 0 || node.length >= 32);
}

interface Step {
  readonly puts: readonly (readonly [Uint8Array, Uint8Array])[];
  /** Picks among the keys that are there; some that are not. */
  readonly deletes: readonly number[];
  readonly missing: readonly Uint8Array[];
  readonly reload: boolean;
}

function steps(bytes: number): fc.Arbitrary<Step[]> {
  const value = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 3 }),
    fc.uint8Array({ minLength: 20, maxLength: 110 }),
  );
  return fc.array(
    fc.record({
      puts: fc.array(fc.tuple(keys(bytes), value), { maxLength: 12 }),
      deletes: fc.array(fc.nat(), { maxLength: 10 }),
      missing: fc.array(keys(bytes), { maxLength: 4 }),
      reload: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  );
}

async function runSteps(bytes: number, all: readonly Step[]): Promise<void> {
  const trie = new MemoryTrie(bytes);
  try {
    await runOn(trie, all);
  } finally {
    trie.close();
  }
}

async function runOn(trie: MemoryTrie, all: readonly Step[]): Promise<void> {
  const oracle = await createMPT();
  for (const { puts, deletes, missing, reload } of all) {
    const batch = new Map<string, { key: Uint8Array; value: Uint8Array | undefined }>();
    const there = [...trie.leaves.keys()];
    for (const pick of deletes) {
      const hex = there[pick % Math.max(1, there.length)];
      if (hex !== undefined) batch.set(hex, { key: Buffer.from(hex, 'hex'), value: undefined });
    }
    for (const key of missing) {
      batch.set(Buffer.from(key).toString('hex'), { key, value: undefined });
    }
    for (const [key, value] of puts) batch.set(Buffer.from(key).toString('hex'), { key, value });
    const before = trie.node;
    const rootBefore = trie.root;
    trie.update([...batch.values()]);
    for (const { key, value } of batch.values()) {
      if (value === undefined) await oracle.del(key);
      else await oracle.put(key, value);
    }
    assert.deepEqual(trie.root, oracle.root());
    const after = trie.node;
    trie.node = before;
    assert.deepEqual(trie.root, rootBefore, 'the trie before is still what it was');
    trie.node = after;
    trie.free();
    if (reload) trie.reload();
    for (const key of [...batch.values()].slice(0, 4).map((each) => each.key)) {
      const nodes = proveKey(trie, trie.node, key);
      assert.deepEqual(nodes, await oracleProof(oracle, key));
      const hex = Buffer.from(key).toString('hex');
      assert.deepEqual(verifyTrieProof(trie.root, key, nodes), trie.leaves.get(hex));
    }
  }
  const left = [...trie.leaves.keys()].map((hex) => Buffer.from(hex, 'hex'));
  trie.update(left.map((key) => ({ key, value: undefined })));
  assert.equal(trie.records.size, 0, 'an empty trie leaves nothing behind');
}

for (const bytes of [2, 4, 32]) {
  test(`roots and proofs are those of EthereumJS, keys of ${bytes} bytes`, async () => {
    await fc.assert(
      fc.asyncProperty(steps(bytes), (all) => runSteps(bytes, all)),
      { numRuns: 150 },
    );
  });
}

test('a known leaf is replaced without loading it', () => {
  const trie = new MemoryTrie(2);
  const leaf = (index: number, value: number) => ({
    key: Uint8Array.of(index, 7),
    value: new Uint8Array(40).fill(value),
  });
  trie.update(Array.from({ length: 256 }, (_, index) => leaf(index, 1)));
  trie.free();
  trie.reload();
  trie.loads = 0;
  trie.update([leaf(3, 2)]);
  assert.equal(trie.loads, 1, 'one branch on the way, no leaf');
});

test('a record that is gone, old or changed is found out', () => {
  const build = (): MemoryTrie => {
    const trie = new MemoryTrie(2);
    trie.update(
      Array.from({ length: 512 }, (_, index) => ({
        key: Uint8Array.of(index >>> 1, (index & 1) << 7),
        value: new Uint8Array(40).fill(index + 1),
      })),
    );
    trie.reload();
    return trie;
  };
  const touch = [{ key: Uint8Array.of(0x31, 0), value: Uint8Array.of(9) }];
  const isDamaged = (error: unknown): boolean =>
    error instanceof ExecutionError && error.code === 'damaged-state';
  const gone = build();
  gone.records.delete('3');
  assert.throws(() => gone.update(touch), isDamaged);
  const changed = build();
  const record = changed.records.get('31') as Uint8Array;
  changed.records.set('31', record.with(20, (record[20] as number) ^ 1));
  assert.throws(() => changed.update(touch), isDamaged);
  const old = build();
  old.leaves.set('3100', Uint8Array.of(1));
  const deletion = [{ key: Uint8Array.of(0x31, 0x80), value: undefined }];
  assert.throws(() => old.update(deletion), isDamaged, 'the sibling that moves up is another');
});
