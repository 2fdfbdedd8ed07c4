import * as nodeCrypto from 'node:crypto';
import { argon2idAsync } from '@noble/hashes/argon2.js';
import { AEAD_KEY_BYTES } from '../aead.ts';

/** Parameters of argon2id (RFC 9106). */
export interface KdfParameters {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  /** 16 random bytes. */
  readonly salt: Uint8Array;
}

/**
 * 32 bytes from a passphrase. On libuv's pool where Node has argon2 (24.7 and newer), else in
 * JavaScript: the same bytes, some ten times slower.
 */
export function deriveKey(passphrase: Uint8Array, kdf: KdfParameters): Promise<Uint8Array> {
  const { memoryKib, passes, lanes, salt } = kdf;
  if (!('argon2' in nodeCrypto)) {
    const options = { m: memoryKib, t: passes, p: lanes, dkLen: AEAD_KEY_BYTES };
    return argon2idAsync(passphrase, salt, options);
  }
  return new Promise((resolve, reject) => {
    nodeCrypto.argon2(
      'argon2id',
      {
        message: passphrase,
        nonce: salt,
        memory: memoryKib,
        passes,
        parallelism: lanes,
        tagLength: AEAD_KEY_BYTES,
      },
      (error, key) => (error === null ? resolve(key) : reject(error)),
    );
  });
}
