import { createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto';
import { KEY_CACHE_ENTRIES_MAX } from '../limits.ts';

/** DER around the raw bytes of a key: everything before them. */
export interface DerPrefixes {
  /** SubjectPublicKeyInfo, up to the raw public key. */
  readonly spki: Uint8Array;
  /** PKCS #8, up to the raw secret. */
  readonly pkcs8: Uint8Array;
}

/**
 * Imported public keys, least recently used out first. Importing costs as much as a verification
 * (2.2x measured), so a writer's key is imported once.
 */
export class PublicKeyCache {
  readonly #prefix: Uint8Array;
  readonly #entriesMax: number;
  /** Insertion order is order of use. A key that cannot be imported is kept as undefined. */
  readonly #keys = new Map<string, KeyObject | undefined>();

  constructor(prefix: Uint8Array, entriesMax: number = KEY_CACHE_ENTRIES_MAX) {
    this.#prefix = prefix;
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** undefined when OpenSSL refuses the bytes as a key. */
  get(publicKey: Uint8Array): KeyObject | undefined {
    const name = latin1(publicKey);
    if (this.#keys.has(name)) {
      const known = this.#keys.get(name);
      this.#keys.delete(name);
      this.#keys.set(name, known);
      return known;
    }
    const imported = importPublicKey(this.#prefix, publicKey);
    if (this.#keys.size >= this.#entriesMax) {
      const [oldest] = this.#keys.keys();
      if (oldest !== undefined) this.#keys.delete(oldest);
    }
    this.#keys.set(name, imported);
    return imported;
  }
}

/**
 * Imported secret keys, kept as long as the caller keeps the array. The fingerprint notices an
 * array that was wiped or reused since.
 */
export class SecretKeyCache {
  readonly #prefix: Uint8Array;
  readonly #keys = new WeakMap<Uint8Array, { fingerprint: Buffer; key: KeyObject }>();

  constructor(prefix: Uint8Array) {
    this.#prefix = prefix;
  }

  get(secretKey: Uint8Array): KeyObject {
    const fingerprint = hash('sha256', secretKey, 'buffer');
    const known = this.#keys.get(secretKey);
    if (known?.fingerprint.equals(fingerprint) === true) return known.key;
    const der = Buffer.concat([this.#prefix, secretKey]);
    try {
      const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      this.#keys.set(secretKey, { fingerprint, key });
      return key;
    } finally {
      der.fill(0);
    }
  }
}

function importPublicKey(prefix: Uint8Array, publicKey: Uint8Array): KeyObject | undefined {
  try {
    const der = Buffer.concat([prefix, publicKey]);
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
