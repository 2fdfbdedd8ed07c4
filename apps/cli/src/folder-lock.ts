import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from './errors.ts';
import { EXIT } from './exit-codes.ts';

const ATTEMPTS = 3;

export interface FolderLock {
  release(): void;
}

/**
 * One writer per namespace on this machine: two would sign two blocks for one index, and that is a
 * fork. A file made with O_EXCL that names its process; the file of a process that is gone counts
 * for nothing.
 *
 * @throws CliError `busy`
 */
export function lockFolder(folder: string, what: string): FolderLock {
  const path = join(folder, 'lock');
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const file = openSync(path, 'wx', 0o600);
      writeSync(file, `${process.pid} ${startOf(process.pid) ?? ''}\n`);
      closeSync(file);
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = readOwner(path);
    if (owner === undefined) continue; // released in this instant
    if (isAlive(owner)) {
      throw new CliError(
        EXIT.refused,
        'busy',
        `another basalt (process ${owner.pid}) is writing to ${what}`,
        'wait until it has ended; two writers at once would fork the namespace',
      );
    }
    rmSync(path, { force: true });
  }
  throw new CliError(EXIT.refused, 'busy', `the lock ${path} cannot be taken`, 'try again');
}

interface Owner {
  readonly pid: number;
  /** Tells a process from a later one with the same number; '' where the system does not say. */
  readonly start: string;
}

function readOwner(path: string): Owner | undefined {
  try {
    const [pid = '', start = ''] = readFileSync(path, 'utf8').trim().split(' ');
    return { pid: Number(pid), start };
  } catch {
    return undefined;
  }
}

function isAlive({ pid, start }: Owner): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startOf(pid);
  return start === '' || now === undefined || now === start;
}

/** Linux: field 22 of /proc/<pid>/stat, ticks from boot to the start of the process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
