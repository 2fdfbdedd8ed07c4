import { statfs } from 'node:fs/promises';
import type { DiskFacts } from './health.ts';

/** Of a file system that does not know its free space. */
const UNTOLD_CODES: ReadonlySet<string> = new Set(['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);

/**
 * Free and all space of the file system below a folder. Ask for the folder of the store itself:
 * that of the node is still there, as an empty mount point, when its disk is gone.
 */
export async function readDisk(folder: string): Promise<DiskFacts | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return UNTOLD_CODES.has(code) ? undefined : { fault: code };
  }
}
