import { timingSafeEqual } from 'node:crypto';

/**
 * Compares two byte strings in a time that depends on their lengths only (OpenSSL's
 * CRYPTO_memcmp). Lengths themselves are not secret.
 */
export function equalConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Overwrites secrets with zeros, best effort: the engine may have copied the bytes (a moving
 * collector, a `Buffer` pool, strings made of them), and nothing here can reach such copies.
 */
export function wipe(...secrets: readonly (Uint8Array | undefined)[]): void {
  for (const secret of secrets) secret?.fill(0);
}
