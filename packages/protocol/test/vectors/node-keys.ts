/**
 * Keys and signatures by node:crypto, for vectors that owe nothing to the code under test. ECDSA
 * and ML-DSA of node:crypto draw randomness, so their signatures are kept in `signatures.json` by
 * algorithm and SHA-256 of the message; a kept one is used again only if node:crypto still verifies
 * it.
 */
import * as crypto from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type AlgorithmNumber = 1 | 2 | 3 | 4 | 5 | 6;

export interface VectorKey {
  readonly name: string;
  readonly algorithm: AlgorithmNumber;
  readonly seed: Buffer;
  readonly secretKey: Buffer;
  readonly publicKey: Buffer;
  sign(message: Buffer): Buffer;
}

const SIGNATURES_FILE = join(import.meta.dirname, 'signatures.json');

const kept: Record<string, string> = existsSync(SIGNATURES_FILE)
  ? JSON.parse(readFileSync(SIGNATURES_FILE, 'utf8'))
  : {};

/** The kept signatures that this run used, in a stable order, as the text of `signatures.json`. */
export function usedSignatures(): Record<string, string> {
  return Object.fromEntries([...used].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const used = new Map<string, string>();

export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = crypto.createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Key number `n` of an algorithm; the seed is the byte n repeated. */
export function vectorKey(algorithm: AlgorithmNumber, n: number): VectorKey {
  const name = `${NAMES[algorithm]}-${n}`;
  switch (algorithm) {
    case 1:
      return edKey(name, Buffer.alloc(32, n));
    case 2:
      return ecKey(name, 2, Buffer.alloc(48, n));
    case 3:
      return mlKey(name, 3, Buffer.alloc(32, n));
    case 4:
      return compositeKey(name, Buffer.alloc(64, n));
    case 5:
      return mlKey(name, 5, Buffer.alloc(32, n));
    case 6:
      return ecKey(name, 6, Buffer.alloc(48, n));
  }
}

const NAMES: Record<AlgorithmNumber, string> = {
  1: 'ed25519',
  2: 'p256',
  3: 'mldsa44',
  4: 'composite',
  5: 'mldsa65',
  6: 'secp256k1',
};

function der(hex: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(hex, 'hex'), body]);
}

function edKey(name: string, seed: Buffer): VectorKey {
  const key = crypto.createPrivateKey({
    key: der('302e020100300506032b657004220420', seed),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = rawPublicKey(key, 32);
  return {
    name,
    algorithm: 1,
    seed,
    secretKey: seed,
    publicKey,
    sign: (message) => crypto.sign(null, message, key),
  };
}

function mlKey(name: string, algorithm: 3 | 5, seed: Buffer): VectorKey {
  const oid = algorithm === 3 ? '11' : '12';
  const key = crypto.createPrivateKey({
    key: der(`3034020100300b06096086480165030403${oid}04228020`, seed),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = rawPublicKey(key, algorithm === 3 ? 1312 : 1952);
  const verifier = crypto.createPublicKey(key);
  return {
    name,
    algorithm,
    seed,
    secretKey: seed,
    publicKey,
    sign: (message) =>
      keep(
        name,
        message,
        () => crypto.sign(null, message, key),
        (signature) => crypto.verify(null, message, verifier, signature),
      ),
  };
}

function ecKey(name: string, algorithm: 2 | 6, seed: Buffer): VectorKey {
  const curve = algorithm === 2 ? 'prime256v1' : 'secp256k1';
  const order = ORDERS[algorithm];
  const scalar = (BigInt(`0x${seed.toString('hex')}`) % (order - 1n)) + 1n;
  const secretKey = bigEndian(scalar);
  const ecdh = crypto.createECDH(curve);
  ecdh.setPrivateKey(secretKey);
  const point = ecdh.getPublicKey();
  const key = crypto.createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: algorithm === 2 ? 'P-256' : 'secp256k1',
      d: secretKey.toString('base64url'),
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  });
  const options = { key, dsaEncoding: 'ieee-p1363' } as const;
  return {
    name,
    algorithm,
    seed,
    secretKey,
    publicKey: ecdh.getPublicKey(null, 'compressed'),
    sign: (message) =>
      keep(
        name,
        message,
        () => lowS(crypto.sign('sha256', message, options), order),
        (signature) =>
          crypto.verify('sha256', message, options, signature) &&
          lowS(signature, order).equals(signature),
      ),
  };
}

function compositeKey(name: string, seed: Buffer): VectorKey {
  const ed = edKey(name, seed.subarray(0, 32));
  const ml = mlKey(name, 3, seed.subarray(32));
  return {
    name,
    algorithm: 4,
    seed,
    secretKey: seed,
    publicKey: Buffer.concat([ed.publicKey, ml.publicKey]),
    sign: (message) => Buffer.concat([ed.sign(message), ml.sign(message)]),
  };
}

/** Group orders of P-256 and secp256k1 (SEC 2). */
export const ORDERS = {
  2: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  6: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
} as const;

/** The other valid s of an ECDSA signature: order - s. */
export function negatedS(signature: Buffer, order: bigint): Buffer {
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
  return Buffer.concat([signature.subarray(0, 32), bigEndian(order - s)]);
}

function lowS(signature: Buffer, order: bigint): Buffer {
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
  return s > order / 2n ? negatedS(signature, order) : signature;
}

export function bigEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}

function rawPublicKey(key: crypto.KeyObject, length: number): Buffer {
  const spki = crypto.createPublicKey(key).export({ format: 'der', type: 'spki' });
  return spki.subarray(spki.length - length);
}

function keep(
  name: string,
  message: Buffer,
  make: () => Buffer,
  isValid: (signature: Buffer) => boolean,
): Buffer {
  const id = `${name}:${sha256(message).toString('hex')}`;
  const known = used.get(id) ?? kept[id];
  const found = known === undefined ? undefined : Buffer.from(known, 'hex');
  const signature = found !== undefined && isValid(found) ? found : make();
  used.set(id, signature.toString('hex'));
  return signature;
}
