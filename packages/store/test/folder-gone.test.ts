/** A disk that is unmounted, or a folder that is moved away, below engines that run. */
import assert from 'node:assert/strict';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLmdbEngine, createLmdbTables, StoreError } from '../src/index.ts';
import { testFolder } from './support/folder.ts';

interface Opened {
  write(byte: number): Promise<void>;
  read(byte: number): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

const ENGINES: Readonly<Record<string, (path: string) => Promise<Opened>>> = {
  async lmdb(path) {
    const engine = await createLmdbEngine({ path, reserveBytes: 1 });
    return {
      write: (byte) => {
        const key = Uint8Array.of(byte);
        return engine.commit([{ type: 'put', table: 'meta', key, value: key }]);
      },
      read: (byte) => engine.get('meta', Uint8Array.of(byte)),
      close: () => engine.close(),
    };
  },
  async 'lmdb tables'(path) {
    const tables = await createLmdbTables({
      path,
      tables: ['one'],
      format: 'test 1',
      reserveBytes: 1,
    });
    return {
      write: (byte) => {
        const key = Uint8Array.of(byte);
        return tables.commit([{ table: 'one', key, value: key }]);
      },
      read: async (byte) => tables.get('one', Uint8Array.of(byte)),
      close: () => tables.close(),
    };
  },
};

const isGone = (error: unknown): boolean =>
  error instanceof StoreError &&
  error.code === 'io' &&
  /cannot be reached.*ENOENT/.test(`${error}`);

// Windows lets nobody move a folder with open files.
const skip = process.platform === 'win32';

for (const [name, open] of Object.entries(ENGINES)) {
  test(`${name}: without its folder nothing is written, until it is back`, { skip }, async () => {
    await using folder = await testFolder('gone');
    const path = join(folder.path, 'store');
    await mkdir(path);
    const engine = await open(path);
    await engine.write(1);
    await rename(path, join(folder.path, 'gone'));
    await assert.rejects(engine.write(2), isGone);
    assert.deepEqual(await engine.read(1), Uint8Array.of(1));
    assert.equal(await engine.read(2), undefined);
    await rename(join(folder.path, 'gone'), path);
    await engine.write(3);
    assert.deepEqual(await engine.read(3), Uint8Array.of(3));
    await engine.close();
  });
}
