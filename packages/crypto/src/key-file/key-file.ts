import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { KeyPair } from '@basalt/protocol';
import { wipe } from '../constant-time.ts';
import { CryptoError } from '../errors.ts';
import { KEY_FILE_BYTES_MAX } from '../limits.ts';
import { type KeyProtection, type OpenKeyOptions, openKey, sealKey } from './seal-key.ts';

/** Owner may read and write, nobody else anything. */
const KEY_FILE_MODE = 0o600;
const OTHERS_MASK = 0o077;
/** Non-blocking, so that a pipe put in the file's place cannot hang the reader. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

export interface WriteKeyFileOptions {
  readonly protection: KeyProtection;
  /** Without this an existing file is never touched. */
  readonly replace?: boolean;
}

/**
 * Writes a key file, mode 0600: complete and synced, or not at all.
 * @throws CryptoError `key-file-exists`, `key-file-unreadable` (with the system's code)
 */
export async function writeKeyFile(
  path: string,
  keyPair: KeyPair,
  options: WriteKeyFileOptions,
): Promise<void> {
  const text = await sealKey(keyPair, options.protection);
  const suffix = randomBytes(6).toString('hex');
  const temporary = join(dirname(path), `.${basename(path)}.${suffix}`);
  try {
    await writeSynced(temporary, text);
    if (options.replace === true) {
      await rename(temporary, path);
    } else {
      // Unlike rename, link fails where the name is taken, also by a writer in the same instant.
      await link(temporary, path);
      await unlink(temporary);
    }
    await syncFolder(dirname(path));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw asKeyFileError(error, path);
  }
}

/**
 * Reads a key file.
 * @throws CryptoError `key-file-unreadable`, `key-file-permissions` (group or others may read it),
 *   and the codes of `openKey`
 */
export async function readKeyFile(path: string, options: OpenKeyOptions): Promise<KeyPair> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, READ_FLAGS);
    return await openKey(await readChecked(handle, path), options);
  } catch (error) {
    throw asKeyFileError(error, path);
  } finally {
    await handle?.close();
  }
}

/** Checks the open file, not the name: nobody can swap it in between. */
async function readChecked(handle: FileHandle, path: string): Promise<string> {
  const stats = await handle.stat();
  if (!stats.isFile()) {
    throw new CryptoError('key-file-permissions', 'expected a plain file', { path });
  }
  const openToOthers = process.platform !== 'win32' && (stats.mode & OTHERS_MASK) !== 0;
  if (openToOthers) {
    const mode = (stats.mode & 0o777).toString(8);
    throw new CryptoError(
      'key-file-permissions',
      `group or others may use the key file (mode ${mode}): run chmod 600 on it`,
      { path, mode },
    );
  }
  if (stats.size > KEY_FILE_BYTES_MAX) {
    throw new CryptoError('key-file-malformed', 'not a key file: expected at most 64 KiB', {
      path,
      found: stats.size,
    });
  }
  const bytes = await handle.readFile();
  const text = bytes.toString('utf8');
  wipe(bytes);
  return text;
}

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', KEY_FILE_MODE);
  try {
    // The mode of `open` passes through the umask, which may take bits but must not decide.
    await handle.chmod(KEY_FILE_MODE);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function asKeyFileError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof CryptoError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  if (code === 'EEXIST') {
    return new CryptoError('key-file-exists', 'the key file exists: choose another name', { path });
  }
  return new CryptoError('key-file-unreadable', `the key file cannot be used: ${code}`, {
    path,
    code,
  });
}
