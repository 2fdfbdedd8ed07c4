import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { conformanceFile, skipReason } from '../../../tools/testing/conformance.ts';
import { fromHex, nobleProvider, toHex, utf8 } from '../src/index.ts';

// Vectors are plain JSON; each test reads the fields that it names.
// oxlint-disable-next-line typescript/no-explicit-any
function readVectors(...path: string[]): any {
  return JSON.parse(readFileSync(conformanceFile(...path) as string, 'utf8'));
}

const ed25519 = nobleProvider.suite(1);
const mlDsa44 = nobleProvider.suite(3);
const mlDsa65 = nobleProvider.suite(5);

test('CCTV Ed25519: ZIP 215, with the challenge over R and A as they were sent', {
  skip: skipReason('cctv-ed25519', 'ed25519vectors.json'),
}, () => {
  let accepted = 0;
  for (const vector of readVectors('cctv-ed25519', 'ed25519vectors.json')) {
    const valid = ed25519.verify(fromHex(vector.sig), utf8(vector.msg), fromHex(vector.key));
    const flags: readonly string[] = vector.flags ?? [];
    // These hash a point as it would be encoded canonically; ZIP 215 hashes the bytes that were
    // sent. Under a key of small order the hash does not matter, the cofactor wipes the key out.
    const hashesOtherBytes = flags.includes('reencoded_k') && !flags.includes('low_order_A');
    assert.equal(valid, !hashesOtherBytes, `case ${vector.number}`);
    if (valid) accepted++;
  }
  assert.equal(accepted, 826);
});

/** R is the identity with the sign bit of x = 0 set: RFC 8032 refuses it, ZIP 215 takes it. */
const WYCHEPROOF_ZIP215_CASE = 151;

test('Wycheproof Ed25519', { skip: skipReason('wycheproof', 'ed25519_test.json') }, () => {
  let count = 0;
  for (const group of readVectors('wycheproof', 'ed25519_test.json').testGroups) {
    for (const vector of group.tests) {
      const publicKey = fromHex(group.publicKey.pk);
      const valid = ed25519.verify(fromHex(vector.sig), fromHex(vector.msg), publicKey);
      const expected = vector.result === 'valid' || vector.tcId === WYCHEPROOF_ZIP215_CASE;
      assert.equal(valid, expected, `case ${vector.tcId}`);
      count++;
    }
  }
  assert.equal(count, 151);
});

test('Wycheproof ML-DSA-44 verify', {
  skip: skipReason('wycheproof', 'mldsa_44_verify_test.json'),
}, () => {
  let count = 0;
  for (const group of readVectors('wycheproof', 'mldsa_44_verify_test.json').testGroups) {
    for (const vector of group.tests) {
      // Ours is the empty context only.
      if (vector.ctx !== undefined && vector.ctx !== '') continue;
      const publicKey = fromHex(group.publicKey);
      const valid = mlDsa44.verify(fromHex(vector.sig), fromHex(vector.msg), publicKey);
      assert.equal(valid, vector.result === 'valid', `case ${vector.tcId}`);
      count++;
    }
  }
  assert.equal(count, 173);
});

test('Wycheproof ML-DSA-44 sign from the seed', {
  skip: skipReason('wycheproof', 'mldsa_44_sign_seed_test.json'),
}, () => {
  let count = 0;
  for (const group of readVectors('wycheproof', 'mldsa_44_sign_seed_test.json').testGroups) {
    const seed = fromHex(group.privateSeed);
    if (seed.length !== mlDsa44.seedBytes) continue;
    const pair = mlDsa44.keyPairFromSeed(seed);
    for (const vector of group.tests) {
      const other = ['Randomized', 'Internal', 'InvalidContext'];
      const isOurs = !vector.flags.some((flag: string) => other.includes(flag));
      if (!isOurs || (vector.ctx !== undefined && vector.ctx !== '')) continue;
      assert.equal(vector.result, 'valid', `case ${vector.tcId}`);
      assert.equal(toHex(pair.publicKey), group.publicKey);
      const signature = mlDsa44.sign(fromHex(vector.msg), pair.secretKey);
      assert.equal(toHex(signature), vector.sig, `case ${vector.tcId}`);
      count++;
    }
  }
  assert.ok(count > 20, `only ${count} cases`);
});

test('CCTV ML-DSA: keys and deterministic signatures of 100 seeds, accumulated', {
  skip: skipReason('cctv-mldsa', 'accumulated.json'),
}, async () => {
  const { shake128 } = await import('@noble/hashes/sha3.js');
  const expected = readVectors('cctv-mldsa', 'accumulated.json');
  for (const suite of [mlDsa44, mlDsa65]) {
    const seeds = shake128(new Uint8Array(0), { dkLen: 100 * 32 });
    const sum = shake128.create({ dkLen: 32 });
    for (let i = 0; i < 100; i++) {
      const { publicKey, secretKey } = suite.keyPairFromSeed(seeds.slice(32 * i, 32 * (i + 1)));
      sum.update(publicKey);
      sum.update(suite.sign(new Uint8Array(0), secretKey));
    }
    assert.equal(toHex(sum.digest()), expected[suite.name]['100'], suite.name);
  }
});

test('BLAKE3', { skip: skipReason('blake3', 'test_vectors.json') }, () => {
  for (const vector of readVectors('blake3', 'test_vectors.json').cases) {
    const input = Uint8Array.from({ length: vector.input_len }, (_, i) => i % 251);
    assert.equal(toHex(nobleProvider.blake3(input)), vector.hash.slice(0, 64));
  }
});
