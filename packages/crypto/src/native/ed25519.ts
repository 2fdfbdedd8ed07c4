import { sign, verify } from 'node:crypto';
import { ed25519Suite, fromHex, type SignatureSuite } from '@basalt/protocol';
import type { Ed25519Kernel } from '../kernel/ed25519-kernel.ts';
import { plainBytes } from '../plain-bytes.ts';
import { PublicKeyCache, SecretKeyCache } from './key-cache.ts';

/** RFC 8410: id-Ed25519 is 1.3.101.112. */
const SPKI = '302a300506032b6570032100';
const PKCS8 = '302e020100300506032b657004220420';

/**
 * Ed25519 with the acceptance rule of ZIP 215 on node:crypto. What OpenSSL accepts is valid; what
 * it refuses is decided by ZIP 215 (kernel, else noble), because OpenSSL also refuses some
 * signatures that a batch check must accept. The other way round cannot happen: both require
 * S < L, and OpenSSL's equation without the cofactor implies the one with it.
 */
export function createEd25519Suite(kernel: Ed25519Kernel | undefined): SignatureSuite {
  const publicKeys = new PublicKeyCache(fromHex(SPKI));
  const secretKeys = new SecretKeyCache(fromHex(PKCS8));
  const decideByZip215 = (signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean =>
    kernel
      ? kernel.verifyOne(signature, message, key)
      : ed25519Suite.verify(signature, message, key);
  return {
    ...ed25519Suite,
    sign: (message, secretKey) => plainBytes(sign(null, message, secretKeys.get(secretKey))),
    verify(signature, message, publicKey) {
      if (signature.length !== 64 || publicKey.length !== 32) return false;
      const key = publicKeys.get(publicKey);
      if (key !== undefined && verify(null, message, key, signature)) return true;
      return decideByZip215(signature, message, publicKey);
    },
  };
}
