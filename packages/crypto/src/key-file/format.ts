import { fromBase64, isPlainAlgorithm, type PlainAlgorithmId, toBase64 } from '@basalt/protocol';
import { AEAD_NONCE_BYTES } from '../aead.ts';
import { CryptoError } from '../errors.ts';
import {
  KDF_LANES_MAX,
  KDF_MEMORY_KIB_MAX,
  KDF_MEMORY_KIB_MIN,
  KDF_PASSES_MAX,
  KEY_FILE_BYTES_MAX,
} from '../limits.ts';
import type { KdfParameters } from './kdf.ts';

export const KEY_FILE_TYPE = 'basalt-key';
export const KEY_FILE_VERSION = 1;
export const SALT_BYTES = 16;

export interface KeyFileEncryption extends KdfParameters {
  /** 12 random bytes. */
  readonly nonce: Uint8Array;
}

/**
 * A key file, version 1: one JSON object, all byte fields in standard base64.
 *
 *   { "type": "basalt-key", "version": 1, "algorithm": 1, "publicKey": "...",
 *     "encryption": { "kdf": "argon2id", "memoryKib": 65536, "passes": 3, "lanes": 4,
 *                     "salt": "...", "cipher": "chacha20-poly1305", "nonce": "..." },
 *     "secret": "..." }
 *
 * `secret` is the secret key of the suite, sealed with the rest of the object (without `secret`, as
 * the exact JSON text this file writes) as associated data: nobody can put another public key or
 * algorithm in front of a secret. Where `encryption` is null, `secret` is the plain bytes.
 */
export interface KeyFile {
  readonly algorithm: PlainAlgorithmId;
  readonly publicKey: Uint8Array;
  readonly encryption: KeyFileEncryption | undefined;
  readonly secret: Uint8Array;
}

/** The object without `secret`, as text: what the seal authenticates. */
export function keyFileHead(file: Omit<KeyFile, 'secret'>): string {
  return JSON.stringify(headObject(file));
}

export function encodeKeyFile(file: KeyFile): string {
  return `${JSON.stringify({ ...headObject(file), secret: toBase64(file.secret) }, null, 2)}\n`;
}

/** @throws CryptoError `key-file-malformed` */
export function decodeKeyFile(text: string): KeyFile {
  if (text.length > KEY_FILE_BYTES_MAX) throw malformed('expected at most 64 KiB');
  const root = asObject(parseJson(text), 'expected one JSON object');
  onlyKeys(root, ['type', 'version', 'algorithm', 'publicKey', 'encryption', 'secret']);
  if (root['type'] !== KEY_FILE_TYPE) throw malformed(`expected type "${KEY_FILE_TYPE}"`);
  if (root['version'] !== KEY_FILE_VERSION) throw malformed('expected version 1');
  const { algorithm } = root;
  if (typeof algorithm !== 'number' || !isPlainAlgorithm(algorithm)) {
    throw malformed('expected a plain signature algorithm, 1 to 6');
  }
  return {
    algorithm,
    publicKey: bytesField(root, 'publicKey'),
    encryption: decodeEncryption(root['encryption']),
    secret: bytesField(root, 'secret'),
  };
}

function headObject(file: Omit<KeyFile, 'secret'>): Record<string, unknown> {
  const { algorithm, publicKey, encryption } = file;
  return {
    type: KEY_FILE_TYPE,
    version: KEY_FILE_VERSION,
    algorithm,
    publicKey: toBase64(publicKey),
    encryption: encryption
      ? {
          kdf: 'argon2id',
          memoryKib: encryption.memoryKib,
          passes: encryption.passes,
          lanes: encryption.lanes,
          salt: toBase64(encryption.salt),
          cipher: 'chacha20-poly1305',
          nonce: toBase64(encryption.nonce),
        }
      : null,
  };
}

function decodeEncryption(value: unknown): KeyFileEncryption | undefined {
  if (value === null) return undefined;
  const object = asObject(value, 'expected encryption to be an object or null');
  onlyKeys(object, ['kdf', 'memoryKib', 'passes', 'lanes', 'salt', 'cipher', 'nonce']);
  if (object['kdf'] !== 'argon2id') throw malformed('expected kdf "argon2id"');
  if (object['cipher'] !== 'chacha20-poly1305') {
    throw malformed('expected cipher "chacha20-poly1305"');
  }
  const lanes = integerField(object, 'lanes', 1, KDF_LANES_MAX);
  return {
    memoryKib: integerField(object, 'memoryKib', KDF_MEMORY_KIB_MIN, KDF_MEMORY_KIB_MAX),
    passes: integerField(object, 'passes', 1, KDF_PASSES_MAX),
    lanes,
    salt: bytesField(object, 'salt', SALT_BYTES),
    nonce: bytesField(object, 'nonce', AEAD_NONCE_BYTES),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may hold a secret.
    throw malformed('expected JSON');
  }
}

function asObject(value: unknown, message: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(message);
  }
  return value as Record<string, unknown>;
}

function onlyKeys(object: Record<string, unknown>, allowed: readonly string[]): void {
  if (!Object.keys(object).every((key) => allowed.includes(key))) {
    throw malformed(`expected only the fields ${allowed.join(', ')}`);
  }
}

function integerField(
  object: Record<string, unknown>,
  name: string,
  min: number,
  max: number,
): number {
  const value = object[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw malformed(`expected ${name} to be an integer from ${min} to ${max}`);
  }
  return value;
}

function bytesField(object: Record<string, unknown>, name: string, length?: number): Uint8Array {
  const value = object[name];
  if (typeof value !== 'string') throw malformed(`expected ${name} to be base64 text`);
  let bytes: Uint8Array;
  try {
    bytes = fromBase64(value);
  } catch {
    throw malformed(`expected ${name} to be base64 text`);
  }
  if (length !== undefined && bytes.length !== length) {
    throw malformed(`expected ${name} to have ${length} bytes`);
  }
  return bytes;
}

function malformed(message: string): CryptoError {
  return new CryptoError('key-file-malformed', `not a key file: ${message}`);
}
