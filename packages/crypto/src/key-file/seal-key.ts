import { randomBytes } from 'node:crypto';
import { assert, type CryptoProvider, type KeyPair, utf8 } from '@basalt/protocol';
import { AEAD_NONCE_BYTES, openAead, sealAead } from '../aead.ts';
import { wipe } from '../constant-time.ts';
import { CryptoError } from '../errors.ts';
import {
  KDF_LANES_DEFAULT,
  KDF_MEMORY_KIB_DEFAULT,
  KDF_PASSES_DEFAULT,
  PASSPHRASE_BYTES_MAX,
} from '../limits.ts';
import { decodeKeyFile, encodeKeyFile, type KeyFile, keyFileHead, SALT_BYTES } from './format.ts';
import { deriveKey } from './kdf.ts';

/** How a secret is kept: under a passphrase, or plainly because the caller says so. */
export type KeyProtection =
  | {
      /** 1 to 1,024 bytes of UTF-8 after NFKC. */
      readonly passphrase: string;
      /** Cost of a guess; default 64 MiB. Tests use less. */
      readonly memoryKib?: number;
      readonly passes?: number;
    }
  | { readonly unencrypted: true };

export interface OpenKeyOptions {
  readonly passphrase?: string;
  /** Takes a file without encryption; refused otherwise. */
  readonly allowUnencrypted?: boolean;
  /** Checks that the secret belongs to the public key. */
  readonly provider: CryptoProvider;
}

/** The text of a key file for this pair. Salt and nonce are fresh each time. */
export async function sealKey(keyPair: KeyPair, protection: KeyProtection): Promise<string> {
  const { algorithm, publicKey, secretKey } = keyPair;
  if ('unencrypted' in protection) {
    return encodeKeyFile({ algorithm, publicKey, encryption: undefined, secret: secretKey });
  }
  const encryption = {
    memoryKib: protection.memoryKib ?? KDF_MEMORY_KIB_DEFAULT,
    passes: protection.passes ?? KDF_PASSES_DEFAULT,
    lanes: KDF_LANES_DEFAULT,
    salt: new Uint8Array(randomBytes(SALT_BYTES)),
    nonce: new Uint8Array(randomBytes(AEAD_NONCE_BYTES)),
  };
  const head = { algorithm, publicKey, encryption };
  const key = await deriveFrom(protection.passphrase, { ...head, secret: secretKey });
  try {
    const associatedData = utf8(keyFileHead(head));
    const secret = sealAead(secretKey, { key, nonce: encryption.nonce, associatedData });
    return encodeKeyFile({ ...head, secret });
  } finally {
    wipe(key);
  }
}

/**
 * The key pair in the text of a key file.
 * @throws CryptoError `key-file-malformed`, `wrong-passphrase`, `key-file-unencrypted`, or
 *   `invalid-key` when secret and public key do not belong together
 */
export async function openKey(text: string, options: OpenKeyOptions): Promise<KeyPair> {
  const file = decodeKeyFile(text);
  const { algorithm, publicKey } = file;
  const secretKey = await openSecret(file, options);
  if (!isPair({ algorithm, publicKey, secretKey }, options.provider)) {
    wipe(secretKey);
    throw new CryptoError('invalid-key', 'expected a secret that belongs to the public key', {
      algorithm,
    });
  }
  return { algorithm, publicKey, secretKey };
}

async function openSecret(file: KeyFile, options: OpenKeyOptions): Promise<Uint8Array> {
  const { encryption, secret } = file;
  if (encryption === undefined) {
    if (options.allowUnencrypted === true) return secret;
    throw new CryptoError(
      'key-file-unencrypted',
      'the key file is not encrypted: encrypt it, or allow that explicitly',
    );
  }
  const { passphrase } = options;
  if (passphrase === undefined) {
    throw new CryptoError('wrong-passphrase', 'the key file is encrypted: a passphrase is needed');
  }
  const key = await deriveFrom(passphrase, file);
  try {
    const associatedData = utf8(keyFileHead(file));
    return openAead(secret, { key, nonce: encryption.nonce, associatedData });
  } catch {
    throw new CryptoError(
      'wrong-passphrase',
      'the passphrase does not open this key file, or the file was changed',
    );
  } finally {
    wipe(key);
  }
}

async function deriveFrom(passphrase: string, file: KeyFile): Promise<Uint8Array> {
  const bytes = utf8(passphrase.normalize('NFKC'));
  if (bytes.length === 0 || bytes.length > PASSPHRASE_BYTES_MAX) {
    throw new CryptoError('wrong-passphrase', 'expected a passphrase of 1 to 1,024 bytes', {
      found: bytes.length,
    });
  }
  assert(file.encryption !== undefined, 'only encrypted files need a derived key');
  try {
    return await deriveKey(bytes, file.encryption);
  } finally {
    wipe(bytes);
  }
}

function isPair(keyPair: KeyPair, provider: CryptoProvider): boolean {
  const suite = provider.suite(keyPair.algorithm);
  if (keyPair.secretKey.length !== suite.secretKeyBytes) return false;
  const message = utf8('basalt key file check\n');
  try {
    const signature = suite.sign(message, keyPair.secretKey);
    return suite.verify(signature, message, keyPair.publicKey);
  } catch {
    return false;
  }
}
