import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMPT } from '@ethereumjs/mpt';
import { encode } from '@ethereumjs/rlp';
import fc from 'fast-check';
import { ExecutionError } from '../../src/errors.ts';
import { orderedTrieKey, orderedTrieProof, orderedTrieRoot } from '../../src/trie/ordered-trie.ts';
import { verifyTrieProof } from '../../src/trie/verify-proof.ts';

const item = fc.uint8Array({ minLength: 1, maxLength: 40 });

async function referenceRoot(items: readonly Uint8Array[]): Promise<Uint8Array> {
  const trie = await createMPT();
  for (const [index, value] of items.entries()) await trie.put(encode(index), value);
  return trie.root();
}

test('the keys are the RLP of the index', () => {
  for (const index of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
    assert.deepEqual(orderedTrieKey(index), encode(index));
  }
});

test('roots are those of EthereumJS, for lists up to 300 items of any length', async () => {
  const sizes = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 100, max: 300 }));
  await fc.assert(
    fc.asyncProperty(sizes, fc.infiniteStream(item), async (size, stream) => {
      const items = [...stream.take(size)];
      assert.deepEqual(orderedTrieRoot(items), await referenceRoot(items));
    }),
    { numRuns: 40 },
  );
});

test('an item of megabytes', async () => {
  const items = [new Uint8Array(2_000_000).fill(7), Uint8Array.of(1)];
  assert.deepEqual(orderedTrieRoot(items), await referenceRoot(items));
});

test('a proof of each item and of none behind the last checks; no other item passes', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 200 }), fc.nat(), (items, pick) => {
      const root = orderedTrieRoot(items);
      const index = pick % (items.length + 2);
      const nodes = orderedTrieProof(items, index);
      assert.deepEqual(verifyTrieProof(root, orderedTrieKey(index), nodes), items[index]);
      if (nodes.length === 0) return;
      const last = nodes.at(-1) as Uint8Array;
      const changed = last.with(pick % last.length, (last[pick % last.length] as number) ^ 1);
      assert.throws(
        () => verifyTrieProof(root, orderedTrieKey(index), [...nodes.slice(0, -1), changed]),
        (error) => error instanceof ExecutionError && error.code === 'invalid-proof',
      );
      assert.throws(() => verifyTrieProof(root, orderedTrieKey(index), [...nodes, last]));
      if (nodes.length > 1) {
        assert.throws(() => verifyTrieProof(root, orderedTrieKey(index), nodes.slice(0, -1)));
      }
    }),
  );
});
