import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CacheFiles } from './disk-tier.ts';

const NAME = /^[0-9a-f]{64}$/;

/** Files read at a time at start. */
const PARALLEL_READS = 32;

/**
 * `bodies/<2 hex>/<sha256>` and `records/<2 hex>/<key>`, written under `new/` and renamed. One
 * process per folder.
 */
export async function openCacheFiles(folder: string): Promise<CacheFiles> {
  const fresh = join(folder, 'new');
  // What lies here was being written when a process ended.
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  let written = 0;
  const place = (kind: 'bodies' | 'records', name: string): string =>
    join(folder, kind, name.slice(0, 2), name);
  const write = async (path: string, data: Uint8Array | string): Promise<void> => {
    const temporary = join(fresh, String(written++));
    try {
      await writeFile(temporary, data);
      await mkdir(join(path, '..'), { recursive: true });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  };
  return {
    async load() {
      const bodies = await names(join(folder, 'bodies'));
      const keys = await names(join(folder, 'records'));
      const records = new Map<string, unknown>();
      for (let i = 0; i < keys.length; i += PARALLEL_READS) {
        const some = keys.slice(i, i + PARALLEL_READS);
        const read = await Promise.all(some.map((key) => readJson(place('records', key))));
        for (const [at, key] of some.entries()) records.set(key, read[at]);
      }
      return { records, bodies };
    },
    async readBody(hash) {
      try {
        return await readFile(place('bodies', hash));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    writeBody: (hash, body) => write(place('bodies', hash), body),
    removeBody: (hash) => rm(place('bodies', hash), { force: true }),
    writeRecord: (key, record) => write(place('records', key), JSON.stringify(record)),
    removeRecord: (key) => rm(place('records', key), { force: true }),
  };
}

async function names(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const part of await entries(folder)) {
    if (!/^[0-9a-f]{2}$/.test(part)) continue;
    for (const name of await entries(join(folder, part))) {
      if (NAME.test(name) && name.startsWith(part)) found.push(name);
    }
  }
  return found;
}

async function entries(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Undefined for a file that is not JSON; the tier removes it. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
