import { statfs } from 'node:fs/promises';
import { diskFault } from '@basalt/store';
import type { DiskFacts } from './health.ts';

/**
 * Free and all space of the file system below a folder. Ask for the folder of the store itself:
 * that of the node is still there, as an empty mount point, when its disk is gone.
 */
export async function readDisk(folder: string): Promise<DiskFacts | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch (error) {
    const fault = diskFault(error);
    return fault === undefined ? undefined : { fault };
  }
}
