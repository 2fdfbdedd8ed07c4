import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ALGORITHM, type AlgorithmId, type Verdict, verifySignature } from '@basalt/protocol';
import type { VerificationItem } from '../src/batch/task.ts';
import { verifyBatch, verifyBatchSync, verifyHashBatch } from '../src/batch/verify-batch.ts';
import { KERNEL_GROUP_MIN } from '../src/limits.ts';
import { createNativeProvider, type NativeProvider } from '../src/native/provider.ts';
import { allValid, itemsOf, makeChain, v1Items, withBadSignature } from './support.ts';

const provider = createNativeProvider();
const withoutKernel = createNativeProvider({ kernel: undefined });
const EVERY: readonly AlgorithmId[] = [1, 2, 3, 4, 5, 6, 17, 19, 20];

/** The slow, separate path: one block at a time with the protocol's own suites. */
function oneByOne(items: readonly VerificationItem[]): Verdict[] {
  return items.map(({ entry, publicKey, payload }) => verifySignature(entry, publicKey, payload));
}

describe('verifyBatch', () => {
  test('nothing gives nothing', async () => {
    assert.deepEqual(await verifyBatch([], { provider }), []);
  });

  for (const algorithm of EVERY) {
    test(`algorithm ${algorithm}: one bad block is named, the others stand`, () => {
      const items = itemsOf(makeChain({ algorithm, count: 7, provider }));
      assert.deepEqual(verifyBatchSync(items, { provider }), allValid(7));
      const [, , third] = items;
      assert.ok(third);
      const bad = items.with(2, withBadSignature(third, 8 * third.entry.signature.length - 12));
      const expected = allValid(7).with(2, 'invalid-signature');
      assert.deepEqual(verifyBatchSync(bad, { provider }), expected);
      assert.deepEqual(oneByOne(bad), expected);
    });
  }

  test('exactly one bad signature at each position is named', () => {
    const items = itemsOf(makeChain({ count: 40, provider }));
    items.forEach((item, position) => {
      const verdicts = verifyBatchSync(items.with(position, withBadSignature(item, 300)), {
        provider,
      });
      const bad = verdicts.flatMap((verdict, i) => (verdict === undefined ? [] : [[i, verdict]]));
      assert.deepEqual(bad, [[position, 'invalid-signature']]);
    });
  });

  test('mixed writers and algorithms keep their order', () => {
    const chains = EVERY.map((algorithm, i) =>
      itemsOf(makeChain({ algorithm, count: 5, seed: i + 1, provider })),
    );
    const mixed = Array.from({ length: 5 }, (_, i) =>
      chains.flatMap((chain) => chain[i] ?? []),
    ).flat();
    const spoiled = mixed.map((item, i) => (i % 7 === 3 ? withBadSignature(item, 9) : item));
    const expected = oneByOne(spoiled);
    assert.equal(expected.filter((verdict) => verdict !== undefined).length, 6);
    assert.deepEqual(verifyBatchSync(spoiled, { provider }), expected);
    assert.deepEqual(verifyBatchSync(spoiled, { provider: withoutKernel }), expected);
  });

  test('a key that the header does not name is the wrong writer', () => {
    const a = itemsOf(makeChain({ count: 3, seed: 1, provider }));
    const b = makeChain({ count: 1, seed: 2, provider });
    const items = a.map((item, i) => (i === 1 ? { ...item, publicKey: b.signer.publicKey } : item));
    assert.deepEqual(verifyBatchSync(items, { provider }), [undefined, 'wrong-writer', undefined]);
  });

  test('version 1 blocks: signature over the payload, which must be there', () => {
    const items = v1Items(6, provider);
    const [first, second] = items;
    assert.ok(first && second);
    const bad = items
      .with(0, { ...first, payload: undefined })
      .with(1, { ...second, payload: Uint8Array.of(1, 2, 3) })
      .with(2, { ...second, publicKey: new Uint8Array(32) });
    const expected = oneByOne(bad);
    assert.equal(expected[0], 'payload-mismatch');
    assert.equal(expected[2], 'wrong-writer');
    assert.deepEqual(expected.slice(3), [undefined, undefined, undefined]);
    assert.deepEqual(verifyBatchSync(bad, { provider }), expected);
  });

  test('a Merkle-signed batch costs one signature', () => {
    const items = itemsOf(makeChain({ algorithm: 17, count: 256, provider }));
    const { calls, counting } = countVerifications(provider);
    assert.ok(verifyBatchSync(items, { provider: counting }).every((v) => v === undefined));
    assert.deepEqual(calls, { single: 1, batch: 0 });
  });

  test('Ed25519 goes to the kernel from the group size on', () => {
    for (const count of [KERNEL_GROUP_MIN - 1, KERNEL_GROUP_MIN]) {
      const items = itemsOf(makeChain({ count, provider }));
      const { calls, counting } = countVerifications(provider);
      verifyBatchSync(items, { provider: counting });
      const inKernel = count >= KERNEL_GROUP_MIN;
      assert.deepEqual(calls, { single: inKernel ? 0 : count, batch: inKernel ? count : 0 });
    }
  });
});

describe('verifyHashBatch', () => {
  test('a payload that is not the one of the header is named', async () => {
    const { blocks } = makeChain({ count: 5, provider });
    const items = blocks.map(({ entry, payload }) => {
      assert.ok(payload);
      return { entry, payload };
    });
    assert.deepEqual(await verifyHashBatch(items, { provider }), allValid(5));
    const [first] = items;
    assert.ok(first);
    const changed = first.payload.with(0, (first.payload[0] ?? 0) ^ 1);
    const short = first.payload.subarray(1);
    const bad = items.with(0, { ...first, payload: changed }).with(3, { ...first, payload: short });
    assert.deepEqual(await verifyHashBatch(bad, { provider }), [
      'payload-mismatch',
      undefined,
      undefined,
      'payload-mismatch',
      undefined,
    ]);
  });
});

function countVerifications(native: NativeProvider): {
  calls: { single: number; batch: number };
  counting: NativeProvider;
} {
  const calls = { single: 0, batch: 0 };
  const { kernel } = native;
  assert.ok(kernel);
  const suite = native.suite(ALGORITHM.ed25519);
  const counting: NativeProvider = {
    ...native,
    kernel: {
      verifyOne: (...parts) => kernel.verifyOne(...parts),
      verifyMany(publicKey, items) {
        calls.batch += items.length;
        return kernel.verifyMany(publicKey, items);
      },
    },
    suite: (id) => ({
      ...native.suite(id),
      verify(...parts) {
        calls.single++;
        return suite.verify(...parts);
      },
    }),
  };
  return { calls, counting };
}
