import { createHash } from 'node:crypto';

/** The value of Repr-Digest or Content-Digest (RFC 9530) for a SHA-256 of 32 bytes. */
export function formatDigest(sha256: Uint8Array): string {
  return `sha-256=:${Buffer.from(sha256).toString('base64')}:`;
}

/** The same, computed. */
export function digestOf(body: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
}
