import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CryptoError, readKeyFile, writeKeyFile } from '@basalt/crypto';
import {
  ALGORITHM,
  type CryptoProvider,
  createSigner,
  type KeyPair,
  type PlainAlgorithmId,
  type Signer,
} from '@basalt/protocol';
import type { NodeConfig } from './config.ts';
import { NodeError } from './errors.ts';
import { ADMIN_TOKEN_BYTES } from './limits.ts';

export interface NodeKey {
  readonly signer: Signer;
  /** True where the file was made just now. */
  readonly isNew: boolean;
}

/** Where the secrets of a data folder are. */
export function filesOf(
  config: Pick<NodeConfig, 'logKeyFile' | 'adminTokenFile'>,
  dataDir: string,
): { readonly logKeyFile: string; readonly adminTokenFile: string } {
  return {
    logKeyFile: resolve(config.logKeyFile ?? join(dataDir, 'log.key')),
    adminTokenFile: resolve(config.adminTokenFile ?? join(dataDir, 'admin.token')),
  };
}

/**
 * The key in a file; an Ed25519 key is made at first start, as by `openKeyPair`.
 *
 * @throws NodeError `key-damaged`
 */
export async function openNodeKey(
  path: string,
  provider: CryptoProvider,
  passphrase: string | undefined,
): Promise<NodeKey> {
  const isNew = !existsSync(path);
  const keyPair = await openKeyPair(path, ALGORITHM.ed25519, provider, passphrase);
  return { signer: createSigner(keyPair, provider), isNew };
}

/**
 * The key in a file, of whatever algorithm; one of `algorithm` is made where there is no file, mode
 * 0600. A node starts without a person at the keyboard, so the file is not encrypted unless a
 * passphrase is given.
 *
 * @throws NodeError `key-damaged`
 */
export async function openKeyPair(
  path: string,
  algorithm: PlainAlgorithmId,
  provider: CryptoProvider,
  passphrase: string | undefined,
): Promise<KeyPair> {
  try {
    if (!existsSync(path)) {
      const suite = provider.suite(algorithm);
      const keyPair = suite.keyPairFromSeed(new Uint8Array(randomBytes(suite.seedBytes)));
      const protection = passphrase === undefined ? { unencrypted: true as const } : { passphrase };
      await writeKeyFile(path, keyPair, { protection });
    }
    return await readKeyFile(path, {
      provider,
      allowUnencrypted: true,
      ...(passphrase === undefined ? {} : { passphrase }),
    });
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    const hint = error.code === 'wrong-passphrase' ? '; set BASALT_PASSPHRASE' : '';
    throw new NodeError('key-damaged', `the key ${path} cannot be used: ${error.message}${hint}`, {
      cause: error,
    });
  }
}

/** The bearer token of /admin; made at first start, mode 0600. */
export async function openAdminToken(path: string): Promise<string> {
  if (!existsSync(path)) {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(`${randomBytes(ADMIN_TOKEN_BYTES).toString('base64url')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }
  const token = (await readFile(path, 'utf8')).trim();
  if (token.length < 16) {
    throw new NodeError('key-damaged', `${path} holds no token: delete it, and a new one is made`);
  }
  return token;
}
