import { hash } from 'node:crypto';
import { plainBytes } from './plain-bytes.ts';

/** SHA-256, 32 bytes. One-shot: a third less call overhead than `createHash`. */
export function sha256(data: Uint8Array): Uint8Array {
  return plainBytes(hash('sha256', data, 'buffer'));
}

/** SHA-512, 64 bytes. */
export function sha512(data: Uint8Array): Uint8Array {
  return plainBytes(hash('sha512', data, 'buffer'));
}
