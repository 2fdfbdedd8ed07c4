import { hash } from 'node:crypto';
import { plainBytes } from './plain-bytes.ts';

/**
 * SHA-256, 32 bytes. One-shot, and through a string of one character a byte: Node makes that three
 * times faster than a `Buffer` (measured for 160 bytes: 300 ns against 860), and 32 bytes are read
 * out of it in 40.
 */
export function sha256(data: Uint8Array): Uint8Array {
  const digest = hash('sha256', data, 'latin1');
  const bytes = new Uint8Array(32);
  for (let i = 0; i < 32; i++) bytes[i] = digest.charCodeAt(i);
  return bytes;
}

/** SHA-512, 64 bytes. */
export function sha512(data: Uint8Array): Uint8Array {
  return plainBytes(hash('sha512', data, 'buffer'));
}
