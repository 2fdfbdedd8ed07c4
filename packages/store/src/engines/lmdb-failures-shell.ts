import { statfsSync } from 'node:fs';
import { diskFault } from '../disk-fault.ts';
import { StoreError } from '../errors.ts';

/** Codes of errno and LMDB that mean: there is no room. */
const NO_ROOM_CODES: ReadonlySet<number> = new Set([28, 122, 27, -30792]);
const EIO = 5;

/** Copy-on-write touches more pages than it adds; what a commit may need beyond its own bytes. */
const COMMIT_SLACK_BYTES: number = 4 * 1024 * 1024;

/**
 * What a failed commit of lmdb-js means. It tells the cause in a second promise, which must be
 * awaited or Node ends the process.
 */
export async function commitError(
  path: string,
  thrown: unknown,
  bytes: number,
): Promise<StoreError> {
  let cause = thrown;
  if (thrown instanceof Error && 'commitError' in thrown) {
    await Promise.resolve(thrown.commitError).catch((error: unknown) => {
      cause = error;
    });
  }
  const code = cause instanceof Error && 'code' in cause ? Number(cause.code) : 0;
  let free: number;
  try {
    free = freeBytes(path);
  } catch (error) {
    return error as StoreError;
  }
  // LMDB calls a write that came out short EIO, and that is what a full disk does to a long one.
  const noRoom = NO_ROOM_CODES.has(code) || (code === EIO && free < bytes * 2);
  if (noRoom) return diskFull(path, free, cause);
  const message = `the storage could not commit: ${messageOf(cause)}`;
  return new StoreError('io', message, { path }, { cause });
}

/**
 * @throws StoreError `disk-full` when a commit would leave less than `reserveBytes`, `io` when the
 *   folder, or the disk below it, is gone
 */
export function refuseWithoutRoom(path: string, reserveBytes: number, bytes: number): void {
  const free = freeBytes(path);
  if (free < reserveBytes + bytes + COMMIT_SLACK_BYTES) throw diskFull(path, free, undefined);
}

export function readError(path: string, cause: unknown): StoreError {
  const message = `reading the storage failed: ${messageOf(cause)}`;
  return new StoreError('io', message, { path }, { cause });
}

export function openError(path: string, cause: unknown): StoreError {
  const message = `cannot open the storage in ${path}: ${messageOf(cause)}`;
  return new StoreError('io', message, { path }, { cause });
}

/** @throws StoreError `io` where the folder cannot be reached */
function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch (cause) {
    const fault = diskFault(cause);
    // A file system that does not tell decides by itself; LMDB passes its word on.
    if (fault === undefined) return Number.POSITIVE_INFINITY;
    // Through open files a write may still succeed, where no restart will find it.
    // Without the path: strangers read why their write is refused.
    const message =
      `the folder of the store cannot be reached (${fault}): nothing was kept ` +
      'of this write; mount its disk or bring the folder back, and write again';
    throw new StoreError('io', message, { path }, { cause });
  }
}

function diskFull(path: string, free: number, cause: unknown): StoreError {
  return new StoreError(
    'disk-full',
    `no room on the disk of ${path} (${free} bytes free): nothing was kept of this write, ` +
      'reading goes on; free some room and write again',
    { path, freeBytes: free },
    { cause },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
