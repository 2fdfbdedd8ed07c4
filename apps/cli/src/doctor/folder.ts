import { existsSync, readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bad, type Finding, good, warn } from './finding.ts';

/** The folder itself, or the nearest one above it that is there. */
export function nearestFolder(path: string): string {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** The process that holds the folder; undefined: none, or one that is gone. */
export function holderOf(dataDir: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(join(dataDir, 'lock.pid'), 'utf8'), 10);
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    const isForeign = (error as NodeJS.ErrnoException).code === 'EPERM';
    return isForeign ? Number.NaN : undefined;
  }
}

const OTHERS_MASK = 0o077;
const SECRET_FILE = /(\.key|\.token|\.tree-key)$|^chain\.json$/;

export function judgeFolder(dataDir: string, userId: number | undefined): Finding[] {
  if (!existsSync(dataDir)) {
    return [good('data folder', `${dataDir} is made at the first start`)];
  }
  const found = permissions(dataDir, statSync(dataDir), userId);
  return found.state === 'bad' ? [found] : [found, lock(dataDir), secrets(dataDir)];
}

function permissions(dataDir: string, stats: Stats, userId: number | undefined): Finding {
  const name = 'data folder';
  if (!stats.isDirectory()) return bad(name, `${dataDir} is no folder`, 'name another --data-dir');
  if (userId !== undefined && userId !== 0 && stats.uid !== userId) {
    const advice = `run as its user, or chown -R ${userId} "${dataDir}"`;
    return bad(name, `${dataDir} belongs to user ${stats.uid}, this is ${userId}`, advice);
  }
  if ((stats.mode & OTHERS_MASK) === 0) return good(name, dataDir);
  return warn(name, `${dataDir} is open to other users`, `chmod 700 "${dataDir}"`);
}

function lock(dataDir: string): Finding {
  const holder = holderOf(dataDir);
  if (holder === undefined) return good('lock', 'free');
  return good('lock', Number.isNaN(holder) ? 'a node runs on it' : `process ${holder} runs on it`);
}

function secrets(dataDir: string): Finding {
  const files = [dataDir, join(dataDir, 'chain')]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
    .filter((path) => SECRET_FILE.test(path.slice(dirname(path).length + 1)));
  const open = files.filter((path) => (statSync(path).mode & OTHERS_MASK) !== 0);
  if (open.length === 0) return good('key files', `${files.length}, only for their owner`);
  const names = open.map((path) => `"${path}"`).join(' ');
  const advice = `chmod 600 ${names}; whoever could read a key can sign as this log`;
  return bad('key files', `${open.length} of ${files.length} can be read by other users`, advice);
}
