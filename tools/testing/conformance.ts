/**
 * Where other people's test vectors lie. They are not part of this repository: a checkout may have
 * them beside it (`../shared/data`) or name a folder with `BASALT_CONFORMANCE_DIR`. Tests that need
 * them are skipped, with a clear word, where neither exists.
 *
 * @example
 * const skip = skipReason('cctv-ed25519', 'ed25519vectors.json');
 * test('ZIP 215 column of the CCTV vectors', { skip }, () => {
 *   const file = conformanceFile('cctv-ed25519', 'ed25519vectors.json');
 * });
 */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const REPOSITORY = resolve(import.meta.dirname, '..', '..');

/**
 * The folder with one sub-folder per vector set, or undefined where there is none.
 *
 * @throws {Error} when `BASALT_CONFORMANCE_DIR` is set and is not a folder: a typing mistake must
 *   not pass as "vectors absent".
 */
export function conformanceDir(): string | undefined {
  const named = process.env['BASALT_CONFORMANCE_DIR'];
  if (named !== undefined && named !== '') {
    if (!isFolder(named)) {
      throw new Error(`BASALT_CONFORMANCE_DIR names ${named}, which is not a folder`);
    }
    return resolve(named);
  }
  const beside = resolve(REPOSITORY, '..', 'shared', 'data');
  return isFolder(beside) ? beside : undefined;
}

/** The path of a file or folder among the vectors, or undefined where it does not exist. */
export function conformanceFile(...segments: readonly string[]): string | undefined {
  const folder = conformanceDir();
  if (folder === undefined) return undefined;
  const path = join(folder, ...segments);
  return existsSync(path) ? path : undefined;
}

/** For `{ skip }` of node:test: false where the vectors exist, else the reason in words. */
export function skipReason(...segments: readonly string[]): string | false {
  if (conformanceFile(...segments) !== undefined) return false;
  const wanted = segments.length === 0 ? 'the folder' : segments.join('/');
  return `conformance vectors absent: ${wanted} (set BASALT_CONFORMANCE_DIR to their folder)`;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
