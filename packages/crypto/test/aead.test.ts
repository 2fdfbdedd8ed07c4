import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromHex, toHex, utf8 } from '@basalt/protocol';
import fc from 'fast-check';
import { openAead, sealAead } from '../src/aead.ts';
import { equalConstantTime, wipe } from '../src/constant-time.ts';
import { CryptoError } from '../src/errors.ts';
import { flipBit } from './support.ts';

const isRefused = (error: unknown): boolean =>
  error instanceof CryptoError && error.code === 'decryption-failed';

describe('ChaCha20-Poly1305', () => {
  test('RFC 8439 section 2.8.2', () => {
    const key = fromHex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f');
    const nonce = fromHex('070000004041424344454647');
    const associatedData = fromHex('50515253c0c1c2c3c4c5c6c7');
    const text = utf8(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the " +
        'future, sunscreen would be it.',
    );
    const sealed = sealAead(text, { key, nonce, associatedData });
    assert.equal(toHex(sealed.subarray(0, 16)), 'd31a8d34648e60db7b86afbc53ef7ec2');
    assert.equal(toHex(sealed.subarray(-16)), '1ae10b594f09e26a7e902ecbd0600691');
    assert.deepEqual(new Uint8Array(openAead(sealed, { key, nonce, associatedData })), text);
  });

  test('any change of text, tag, key, nonce or associated data is refused', () => {
    const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
      fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        bytes(32),
        bytes(12),
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.nat(),
        (text, key, nonce, associatedData, bit) => {
          const aead = { key, nonce, associatedData };
          const sealed = sealAead(text, aead);
          assert.deepEqual(new Uint8Array(openAead(sealed, aead)), text);
          assert.throws(() => openAead(flipBit(sealed, bit), aead), isRefused);
          assert.throws(() => openAead(sealed, { ...aead, key: flipBit(key, bit) }), isRefused);
          assert.throws(() => openAead(sealed, { ...aead, nonce: flipBit(nonce, bit) }), isRefused);
          const other = { key, nonce, associatedData: flipBit(associatedData, bit) };
          assert.throws(() => openAead(sealed, other), isRefused);
          assert.throws(() => openAead(sealed, { key, nonce }), isRefused);
          assert.throws(() => openAead(sealed.subarray(1), aead), isRefused);
        },
      ),
    );
  });

  test('fewer bytes than a tag are refused; a key of a wrong length is a mistake', () => {
    const aead = { key: new Uint8Array(32), nonce: new Uint8Array(12) };
    assert.throws(() => openAead(new Uint8Array(15), aead), isRefused);
    assert.throws(
      () => sealAead(new Uint8Array(1), { ...aead, key: new Uint8Array(31) }),
      /assertion/,
    );
    assert.throws(
      () => sealAead(new Uint8Array(1), { ...aead, nonce: new Uint8Array(8) }),
      /assertion/,
    );
  });
});

test('constant-time comparison compares, wipe wipes', () => {
  const secret = Uint8Array.of(1, 2, 3);
  assert.equal(equalConstantTime(secret, Uint8Array.of(1, 2, 3)), true);
  assert.equal(equalConstantTime(secret, Uint8Array.of(1, 2, 4)), false);
  assert.equal(equalConstantTime(secret, Uint8Array.of(1, 2)), false);
  assert.equal(equalConstantTime(new Uint8Array(0), new Uint8Array(0)), true);
  wipe(secret, undefined);
  assert.deepEqual(secret, new Uint8Array(3));
});
