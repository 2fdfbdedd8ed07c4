import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ALGORITHM,
  nobleProvider,
  type PlainAlgorithmId,
  ProtocolError,
  utf8,
} from '@basalt/protocol';
import { PublicKeyCache } from '../src/native/key-cache.ts';
import { createMlDsa44Suite, createMlDsa65Suite, hasNativeMlDsa } from '../src/native/ml-dsa.ts';
import { createNativeProvider } from '../src/native/provider.ts';
import { flipBit } from './support.ts';

const PLAIN: readonly PlainAlgorithmId[] = [1, 2, 3, 4, 5, 6];
const native = createNativeProvider();
const message = utf8('door opened');

describe('native suites', () => {
  for (const id of PLAIN) {
    test(`algorithm ${id}: signs for noble and verifies what noble signed`, () => {
      const suite = native.suite(id);
      const plain = nobleProvider.suite(id);
      const pair = plain.keyPairFromSeed(new Uint8Array(plain.seedBytes).fill(9));
      assert.deepEqual(suite.keyPairFromSeed(new Uint8Array(plain.seedBytes).fill(9)), pair);
      const ours = suite.sign(message, pair.secretKey);
      const theirs = plain.sign(message, pair.secretKey);
      assert.equal(ours.length, suite.signatureBytes);
      assert.equal(plain.verify(ours, message, pair.publicKey), true);
      assert.equal(suite.verify(theirs, message, pair.publicKey), true);
      assert.equal(suite.verify(ours, message, pair.publicKey), true);
    });

    test(`algorithm ${id}: never throws, and says no to everything else`, () => {
      const suite = native.suite(id);
      const pair = suite.keyPairFromSeed(new Uint8Array(suite.seedBytes).fill(9));
      const signature = suite.sign(message, pair.secretKey);
      const last = 8 * signature.length - 1;
      for (const bit of [0, 13, 8 * 32 + 5, last]) {
        assert.equal(suite.verify(flipBit(signature, bit), message, pair.publicKey), false);
      }
      assert.equal(suite.verify(signature, utf8('door closed'), pair.publicKey), false);
      for (const bad of [new Uint8Array(0), signature.subarray(1), new Uint8Array(10_000)]) {
        assert.equal(suite.verify(bad, message, pair.publicKey), false);
        assert.equal(suite.verify(signature, message, bad), false);
      }
      assert.equal(suite.verify(signature, message, new Uint8Array(pair.publicKey.length)), false);
      assert.equal(suite.verify(signature, message, flipBit(pair.publicKey, 100)), false);
    });
  }

  test('ECDSA: the upper twin of a signature is refused, and never made', () => {
    const orders = {
      2: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
      6: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
    } as const;
    for (const id of [2, 6] as const) {
      const suite = native.suite(id);
      const pair = suite.keyPairFromSeed(new Uint8Array(48).fill(4));
      for (let i = 0; i < 24; i++) {
        const signature = suite.sign(Uint8Array.of(i), pair.secretKey);
        assert.equal(suite.verify(signature, Uint8Array.of(i), pair.publicKey), true);
        const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);
        const twin = Uint8Array.from([
          ...signature.subarray(0, 32),
          ...Buffer.from((orders[id] - s).toString(16).padStart(64, '0'), 'hex'),
        ]);
        assert.equal(suite.verify(twin, Uint8Array.of(i), pair.publicKey), false);
        assert.equal(nobleProvider.suite(id).verify(twin, Uint8Array.of(i), pair.publicKey), false);
      }
    }
  });

  test('ML-DSA without node:crypto support is the suite of the protocol', () => {
    assert.equal(createMlDsa44Suite(false), nobleProvider.suite(ALGORITHM.mlDsa44));
    assert.equal(createMlDsa65Suite(false), nobleProvider.suite(ALGORITHM.mlDsa65));
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    assert.equal(hasNativeMlDsa(), major > 24 || (major === 24 && minor >= 7));
  });

  test('a composite signature needs both halves', () => {
    const suite = native.suite(ALGORITHM.ed25519MlDsa44);
    const pair = suite.keyPairFromSeed(new Uint8Array(64).fill(5));
    const signature = suite.sign(message, pair.secretKey);
    assert.equal(suite.verify(flipBit(signature, 40), message, pair.publicKey), false);
    assert.equal(suite.verify(flipBit(signature, 8 * 64 + 40), message, pair.publicKey), false);
  });

  test('a secret array that is wiped or reused signs with what it holds now', () => {
    const suite = native.suite(ALGORITHM.ed25519);
    const first = suite.keyPairFromSeed(new Uint8Array(32).fill(1));
    const second = suite.keyPairFromSeed(new Uint8Array(32).fill(2));
    const array = first.secretKey;
    assert.ok(suite.verify(suite.sign(message, array), message, first.publicKey));
    array.set(second.secretKey);
    assert.ok(suite.verify(suite.sign(message, array), message, second.publicKey));
  });

  test('an unknown algorithm is a ProtocolError', () => {
    assert.throws(
      () => native.suite(17 as PlainAlgorithmId),
      (error) => error instanceof ProtocolError && error.code === 'unknown-algorithm',
    );
  });
});

test('hashes are those of noble, as plain arrays', () => {
  for (let length = 0; length < 600; length += 7) {
    const data = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 0xff);
    assert.deepEqual(native.sha256(data), nobleProvider.sha256(data));
    assert.deepEqual(native.sha512(data), nobleProvider.sha512(data));
    assert.deepEqual(native.blake3(data), nobleProvider.blake3(data));
  }
});

test('the key cache is bounded and keeps what is used', () => {
  const spki = Buffer.from('302a300506032b6570032100', 'hex');
  const cache = new PublicKeyCache(spki, 3);
  const keys = [1, 2, 3, 4].map((fill) => new Uint8Array(32).fill(fill));
  const [a, b, c, d] = keys as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const first = cache.get(a);
  cache.get(b);
  cache.get(c);
  assert.equal(cache.get(a), first);
  cache.get(d); // evicts b, the least recently used
  assert.equal(cache.size, 3);
  assert.equal(cache.get(a), first);
});
