import { sign, verify } from 'node:crypto';
import { ecdsaP256Suite, fromHex, type SignatureSuite, secp256k1Suite } from '@basalt/protocol';
import { plainBytes } from '../plain-bytes.ts';
import { type DerPrefixes, PublicKeyCache, SecretKeyCache } from './key-cache.ts';

/** r and s one behind the other, 32 bytes each (IEEE P1363), as the blocks carry them. */
const ENCODING = 'ieee-p1363';

interface Curve {
  readonly suite: SignatureSuite;
  readonly der: DerPrefixes;
  readonly order: bigint;
}

/** SEC 2 / FIPS 186-5 orders; DER by RFC 5480 (compressed points) and RFC 5915. */
const P256: Curve = {
  suite: ecdsaP256Suite,
  der: {
    spki: fromHex('3039301306072a8648ce3d020106082a8648ce3d030107032200'),
    pkcs8: fromHex('3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420'),
  },
  order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
};

const SECP256K1: Curve = {
  suite: secp256k1Suite,
  der: {
    spki: fromHex('3036301006072a8648ce3d020106052b8104000a032200'),
    pkcs8: fromHex('303e020100301006072a8648ce3d020106052b8104000a042730250201010420'),
  },
  order: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
};

/** ECDSA over SHA-256 with s in the lower half, on node:crypto. Nonces are OpenSSL's, random. */
function createEcdsaSuite({ suite, der, order }: Curve): SignatureSuite {
  const publicKeys = new PublicKeyCache(der.spki);
  const secretKeys = new SecretKeyCache(der.pkcs8);
  const halfOrder = bigEndian(order >> 1n);
  return {
    ...suite,
    sign(message, secretKey) {
      const key = { key: secretKeys.get(secretKey), dsaEncoding: ENCODING } as const;
      const signature = plainBytes(sign('sha256', message, key));
      const s = signature.subarray(32);
      // (r, n - s) is a signature of the same message; verifiers take only the lower of the two.
      if (Buffer.compare(s, halfOrder) > 0) s.set(bigEndian(order - toInteger(s)));
      return signature;
    },
    verify(signature, message, publicKey) {
      if (signature.length !== 64 || publicKey.length !== 33) return false;
      if (Buffer.compare(signature.subarray(32), halfOrder) > 0) return false;
      const key = publicKeys.get(publicKey);
      if (key === undefined) return false;
      return verify('sha256', message, { key, dsaEncoding: ENCODING }, signature);
    },
  };
}

export function createP256Suite(): SignatureSuite {
  return createEcdsaSuite(P256);
}

export function createSecp256k1Suite(): SignatureSuite {
  return createEcdsaSuite(SECP256K1);
}

function bigEndian(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0'));
}

function toInteger(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}
