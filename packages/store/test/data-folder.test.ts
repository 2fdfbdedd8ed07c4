import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDataFolder, StoreError, type StoreErrorCode } from '../src/index.ts';
import { seededBytes, TestChain } from './support/chain.ts';
import { testFolder } from './support/folder.ts';

const withCode =
  (code: StoreErrorCode, pattern: RegExp) =>
  (error: unknown): boolean =>
    error instanceof StoreError && error.code === code && pattern.test(error.message);

const root = (seed: string): Uint8Array => seededBytes(seed, 32);

test('a new folder is private, has a format, and opens again with its blocks', async () => {
  await using parent = await testFolder('data');
  const path = join(parent.path, 'with a space', 'data');
  const chain = new TestChain(1);
  {
    await using folder = await openDataFolder(path);
    await folder.store.append(chain.grow(10));
    assert.equal(folder.path, path);
    assert.equal(await readFile(join(path, 'lock.pid'), 'utf8'), `${process.pid}\n`);
  }
  if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o700);
  assert.equal(await readFile(join(path, 'format'), 'utf8'), 'basalt-data 1\n');
  await using again = await openDataFolder(path);
  assert.equal((await again.store.head(chain.namespace))?.size, 10);
});

test('a folder that is open is locked, in this process too, and free after closing', async () => {
  await using parent = await testFolder('data');
  const folder = await openDataFolder(parent.path);
  const pattern = new RegExp(`in use by process ${process.pid}`);
  await assert.rejects(openDataFolder(parent.path), withCode('locked', pattern));
  await folder.close();
  await (await openDataFolder(parent.path)).close();
});

test('an unknown format, a store without format and a file in the way are refused', async () => {
  await using parent = await testFolder('data');
  await (await openDataFolder(parent.path)).close();
  const format = join(parent.path, 'format');
  await writeFile(format, 'basalt-data 2\n');
  await assert.rejects(openDataFolder(parent.path), withCode('unknown-format', /basalt-data 2/));
  await rm(format);
  await assert.rejects(
    openDataFolder(parent.path),
    withCode('unknown-format', /whole data folder/),
  );
  await writeFile(join(parent.path, 'file'), 'x');
  await assert.rejects(openDataFolder(join(parent.path, 'file')), withCode('io', /cannot create/));
  const blocked = join(parent.path, 'blocked');
  await mkdir(join(blocked, 'lock.sqlite'), { recursive: true });
  await assert.rejects(openDataFolder(blocked), withCode('io', /cannot lock/));
});

test('a store older than what was published does not open, and says what to do', async () => {
  await using parent = await testFolder('data');
  const path = join(parent.path, 'data');
  const chain = new TestChain(1);
  {
    await using folder = await openDataFolder(path);
    await folder.store.append(chain.grow(5));
  }
  await cp(join(path, 'store'), join(parent.path, 'old store'), { recursive: true });
  {
    await using folder = await openDataFolder(path);
    await folder.store.append(chain.grow(5));
    const record = {
      log: 'example.org/audit',
      namespace: chain.namespace,
      size: 10,
      root: root('a'),
    };
    folder.recordPublished([record]);
    folder.recordPublished([{ ...record, size: 7, root: root('b') }]);
    folder.recordPublished([{ log: 'super', namespace: undefined, size: 3, root: root('c') }]);
    assert.deepEqual(folder.published(), [
      record,
      { log: 'super', namespace: undefined, size: 3, root: root('c') },
    ]);
  }
  {
    // As new as what was published: opens.
    await using _folder = await openDataFolder(path);
  }
  await rm(join(path, 'store'), { recursive: true });
  await cp(join(parent.path, 'old store'), join(path, 'store'), { recursive: true });
  await assert.rejects(
    openDataFolder(path),
    withCode('older-than-log', /has 5 blocks, and a checkpoint of 10 was published.*import/),
  );
  // The refusal gave the lock back, and the way out works.
  {
    await using folder = await openDataFolder(path, { allowOlder: true });
    const lost = chain.blocks.splice(5);
    const replay = { namespace: chain.namespace, expectedSize: 5, expectedHead: chain.head };
    await folder.store.append({
      ...replay,
      blocks: lost,
      fullTiles: [],
      edge: undefined,
      state: undefined,
    });
  }
  await using _folder = await openDataFolder(path);
});

test('a folder whose record of published checkpoints is lost does not open by itself', async () => {
  await using parent = await testFolder('data');
  await (await openDataFolder(parent.path)).close();
  await rm(join(parent.path, 'lock.sqlite'));
  await assert.rejects(openDataFolder(parent.path), withCode('older-than-log', /lock\.sqlite/));
  await (await openDataFolder(parent.path, { allowOlder: true })).close();
  await (await openDataFolder(parent.path)).close();
});

test('two roots for one size are never recorded, and nothing else of that call is', async () => {
  await using parent = await testFolder('data');
  await using folder = await openDataFolder(parent.path);
  const record = { log: 'a', namespace: undefined, size: 4, root: root('a') };
  folder.recordPublished([record]);
  folder.recordPublished([record]);
  const other = { ...record, log: 'b' };
  assert.throws(
    () => folder.recordPublished([other, { ...record, root: root('b') }]),
    withCode('conflict', /fork/),
  );
  assert.deepEqual(folder.published(), [record]);
});

test('an engine that cannot open gives the lock back', async () => {
  await using parent = await testFolder('data');
  const createEngine = (): never => {
    throw new StoreError('io', 'no engine today');
  };
  await assert.rejects(openDataFolder(parent.path, { createEngine }), withCode('io', /today/));
  await (await openDataFolder(parent.path)).close();
});
