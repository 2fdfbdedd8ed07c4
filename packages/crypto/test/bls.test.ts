import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { utf8 } from '@basalt/protocol';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { aggregateSignatures, verifyAggregatedSignature } from '../src/bls/aggregate.ts';
import { BlsKeyring, type BlsSigner, createBlsSigner } from '../src/bls/keyring.ts';
import { CryptoError, type CryptoErrorCode } from '../src/errors.ts';
import { flipBit } from './support.ts';

const signers = Array.from({ length: 5 }, (_, i) =>
  createBlsSigner(new Uint8Array(32).fill(i + 1)),
);
const message = utf8('checkpoint 4711');

function withCode(code: CryptoErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof CryptoError && error.code === code;
}

function ringOf(members: readonly BlsSigner[]): BlsKeyring {
  const keyring = new BlsKeyring();
  for (const { publicKey, proofOfPossession } of members) keyring.add(publicKey, proofOfPossession);
  return keyring;
}

describe('BLS aggregates', () => {
  const publicKeys = signers.map(({ publicKey }) => publicKey);
  const keyring = ringOf(signers);
  const aggregate = aggregateSignatures(signers.map((signer) => signer.sign(message)));
  const same = { kind: 'same-message', message, publicKeys, aggregate, keyring } as const;

  test('one message: holds for exactly these signers and this message', () => {
    assert.equal(verifyAggregatedSignature(same), true);
    assert.equal(verifyAggregatedSignature({ ...same, message: utf8('another') }), false);
    assert.equal(verifyAggregatedSignature({ ...same, publicKeys: publicKeys.slice(1) }), false);
    const fewer = aggregateSignatures(signers.slice(1).map((signer) => signer.sign(message)));
    assert.equal(verifyAggregatedSignature({ ...same, aggregate: fewer }), false);
  });

  test('noble agrees with the aggregate', () => {
    const { longSignatures } = bls12_381;
    const dst = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';
    const point = longSignatures.hash(message, dst);
    const key = longSignatures.aggregatePublicKeys(publicKeys);
    assert.equal(longSignatures.verify(aggregate, point, key), true);
  });

  test('bytes that are no signature are not valid', () => {
    const bad = [
      new Uint8Array(0),
      new Uint8Array(96),
      aggregate.subarray(1),
      flipBit(aggregate, 700),
      // The point at infinity: what forges an empty committee's signature.
      Uint8Array.from({ length: 96 }, (_, i) => (i === 0 ? 0xc0 : 0)),
    ];
    for (const bytes of bad) {
      assert.equal(verifyAggregatedSignature({ ...same, aggregate: bytes }), false);
    }
  });

  test('a rogue key signs for others without a proof, and is refused for that', () => {
    // The attack: rogue = own key - victim's key, so rogue + victim = own key.
    const G1 = bls12_381.G1.Point;
    const [victim] = signers;
    const own = createBlsSigner(new Uint8Array(32).fill(99));
    assert.ok(victim);
    const rogue = G1.fromBytes(own.publicKey)
      .subtract(G1.fromBytes(victim.publicKey))
      .toBytes(true);
    const forged = own.sign(message);
    const claim = { ...same, publicKeys: [victim.publicKey, rogue], aggregate: forged };
    assert.throws(() => verifyAggregatedSignature(claim), withCode('unsafe-aggregate'));
    const careless = new BlsKeyring();
    careless.add(victim.publicKey, victim.proofOfPossession);
    assert.throws(() => careless.add(rogue, own.proofOfPossession), withCode('invalid-key'));
    // That the attack is real: the sum of both keys is the attacker's.
    const { longSignatures } = bls12_381;
    const sum = longSignatures.aggregatePublicKeys([victim.publicKey, rogue]);
    const dst = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';
    assert.equal(longSignatures.verify(forged, longSignatures.hash(message, dst), sum), true);
  });

  test('a key twice, no keys: refused', () => {
    const [first] = publicKeys;
    assert.ok(first);
    const twice = { ...same, publicKeys: [...publicKeys, first] };
    assert.throws(() => verifyAggregatedSignature(twice), withCode('unsafe-aggregate'));
    const none = { ...same, publicKeys: [] };
    assert.throws(() => verifyAggregatedSignature(none), withCode('unsafe-aggregate'));
    assert.throws(() => aggregateSignatures([]), withCode('unsafe-aggregate'));
    assert.throws(() => aggregateSignatures([new Uint8Array(96)]), withCode('invalid-key'));
  });

  test('distinct messages: hold without proofs, and only when distinct', () => {
    const messages = signers.map((_, i) => utf8(`vote ${i}`));
    const signatures = signers.map((signer, i) => signer.sign(messages[i] ?? message));
    const claim = {
      kind: 'distinct-messages',
      messages,
      publicKeys,
      aggregate: aggregateSignatures(signatures),
    } as const;
    assert.equal(verifyAggregatedSignature(claim), true);
    const swapped = [...messages].reverse();
    assert.equal(verifyAggregatedSignature({ ...claim, messages: swapped }), false);
    const equal = messages.with(1, messages[0] ?? message);
    const unsafe = withCode('unsafe-aggregate');
    assert.throws(() => verifyAggregatedSignature({ ...claim, messages: equal }), unsafe);
    assert.throws(() => verifyAggregatedSignature({ ...claim, messages: [] }), unsafe);
    const badKeys = publicKeys.with(2, new Uint8Array(48));
    assert.equal(verifyAggregatedSignature({ ...claim, publicKeys: badKeys }), false);
  });

  test('nobody is made to sign a proof of possession', () => {
    const [first] = signers;
    assert.ok(first);
    const tagged = utf8('basalt/bls-possession/v1\nkey of another');
    assert.throws(() => first.sign(tagged), withCode('unsafe-aggregate'));
  });

  test('the ring knows, forgets, and refuses what is no key', () => {
    const [first] = signers;
    assert.ok(first);
    const ring = ringOf([first]);
    assert.equal(ring.has(first.publicKey), true);
    assert.equal(ring.size, 1);
    assert.equal(ring.remove(first.publicKey), true);
    assert.equal(ring.has(first.publicKey), false);
    for (const key of [new Uint8Array(48), new Uint8Array(3), flipBit(first.publicKey, 100)]) {
      assert.throws(() => ring.add(key, first.proofOfPossession), withCode('invalid-key'));
    }
    const infinity = Uint8Array.from({ length: 48 }, (_, i) => (i === 0 ? 0xc0 : 0));
    assert.throws(() => ring.add(infinity, first.proofOfPossession), withCode('invalid-key'));
  });
});
