import { createCipheriv, createDecipheriv } from 'node:crypto';
import { assert } from '@basalt/protocol';
import { CryptoError } from './errors.ts';
import { plainBytes } from './plain-bytes.ts';

const CIPHER = 'chacha20-poly1305';

/** Bytes of a key, a nonce and a tag of ChaCha20-Poly1305 (RFC 8439 section 2.8). */
export const AEAD_KEY_BYTES = 32;
export const AEAD_NONCE_BYTES = 12;
export const AEAD_TAG_BYTES = 16;

export interface AeadKey {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 12 bytes, never used twice with one key. */
  readonly nonce: Uint8Array;
  /** Bytes that are authenticated and not encrypted. */
  readonly associatedData?: Uint8Array;
}

/** ChaCha20-Poly1305 (RFC 8439): ciphertext with the 16-byte tag behind it. */
export function sealAead(plaintext: Uint8Array, aead: AeadKey): Uint8Array {
  checkLengths(aead);
  const options = { authTagLength: AEAD_TAG_BYTES };
  const cipher = createCipheriv(CIPHER, aead.key, aead.nonce, options);
  const aadOptions = { plaintextLength: plaintext.length };
  if (aead.associatedData !== undefined) cipher.setAAD(aead.associatedData, aadOptions);
  const sealed = new Uint8Array(plaintext.length + AEAD_TAG_BYTES);
  sealed.set(cipher.update(plaintext));
  cipher.final();
  sealed.set(cipher.getAuthTag(), plaintext.length);
  return sealed;
}

/**
 * Opens what `sealAead` made. No plaintext leaves before the tag is checked.
 * @throws CryptoError `decryption-failed`
 */
export function openAead(sealed: Uint8Array, aead: AeadKey): Uint8Array {
  checkLengths(aead);
  const length = sealed.length - AEAD_TAG_BYTES;
  if (length < 0) {
    throw new CryptoError('decryption-failed', 'expected at least the 16 bytes of a tag', {
      found: sealed.length,
    });
  }
  const options = { authTagLength: AEAD_TAG_BYTES };
  const decipher = createDecipheriv(CIPHER, aead.key, aead.nonce, options);
  if (aead.associatedData !== undefined) {
    decipher.setAAD(aead.associatedData, { plaintextLength: length });
  }
  decipher.setAuthTag(sealed.subarray(length));
  const plaintext = plainBytes(decipher.update(sealed.subarray(0, length)));
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    throw new CryptoError('decryption-failed', 'expected a tag that fits key, nonce and text');
  }
  return plaintext;
}

function checkLengths(aead: AeadKey): void {
  assert(aead.key.length === AEAD_KEY_BYTES, 'a ChaCha20-Poly1305 key is 32 bytes');
  assert(aead.nonce.length === AEAD_NONCE_BYTES, 'a ChaCha20-Poly1305 nonce is 12 bytes');
}
