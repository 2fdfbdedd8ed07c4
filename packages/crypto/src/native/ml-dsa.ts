import { createPublicKey, sign, verify } from 'node:crypto';
import { fromHex, mlDsa44Suite, mlDsa65Suite, type SignatureSuite } from '@basalt/protocol';
import { plainBytes } from '../plain-bytes.ts';
import { type DerPrefixes, PublicKeyCache, SecretKeyCache } from './key-cache.ts';

/** RFC 9881: ids 2.16.840.1.101.3.4.3.17 and .18; secrets in the seed-only form. */
const ML_DSA_44: DerPrefixes = {
  spki: fromHex('30820532300b06096086480165030403110382052100'),
  pkcs8: fromHex('3034020100300b060960864801650304031104228020'),
};
const ML_DSA_65: DerPrefixes = {
  spki: fromHex('308207b2300b0609608648016503040312038207a100'),
  pkcs8: fromHex('3034020100300b060960864801650304031204228020'),
};

/**
 * ML-DSA (FIPS 204), pure, empty context, on node:crypto. Signatures are hedged (OpenSSL draws the
 * rnd of FIPS 204 section 3.4); the plain suite's are deterministic; both verify everywhere.
 */
function createNativeMlDsa(suite: SignatureSuite, der: DerPrefixes): SignatureSuite {
  const publicKeys = new PublicKeyCache(der.spki);
  const secretKeys = new SecretKeyCache(der.pkcs8);
  return {
    ...suite,
    sign: (message, secretKey) => plainBytes(sign(null, message, secretKeys.get(secretKey))),
    verify(signature, message, publicKey) {
      if (signature.length !== suite.signatureBytes) return false;
      if (publicKey.length !== suite.publicKeyBytes) return false;
      const key = publicKeys.get(publicKey);
      return key !== undefined && verify(null, message, key, signature);
    },
  };
}

/** Node has ML-DSA from 24.7 on, when built with OpenSSL 3.5 or newer. */
export function hasNativeMlDsa(): boolean {
  try {
    const zeros = new Uint8Array(mlDsa44Suite.publicKeyBytes);
    const key = Buffer.concat([ML_DSA_44.spki, zeros]);
    createPublicKey({ key, format: 'der', type: 'spki' });
    return true;
  } catch {
    return false;
  }
}

export function createMlDsa44Suite(isNative: boolean = hasNativeMlDsa()): SignatureSuite {
  return isNative ? createNativeMlDsa(mlDsa44Suite, ML_DSA_44) : mlDsa44Suite;
}

export function createMlDsa65Suite(isNative: boolean = hasNativeMlDsa()): SignatureSuite {
  return isNative ? createNativeMlDsa(mlDsa65Suite, ML_DSA_65) : mlDsa65Suite;
}
