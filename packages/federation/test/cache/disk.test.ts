import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { openCacheFiles } from '../../src/cache/disk-files-shell.ts';
import type { CacheFiles } from '../../src/cache/disk-tier.ts';
import {
  ask,
  FakeNet,
  type FakeUpstream,
  field,
  HEAD,
  IMMUTABLE,
  MemoryFiles,
  text,
} from '../support/fake-upstreams.ts';

const URL_A = 'http://a.test';

function setUp(): { net: FakeNet; node: FakeUpstream } {
  const net = new FakeNet();
  const node = net.upstream(URL_A);
  for (let i = 0; i < 20; i++) {
    const fields = { etag: `"${i}"`, 'cache-control': IMMUTABLE };
    node.pages.set(`/p/${i}`, { fields, body: `${i}`.padEnd(1000, '.') });
  }
  return { net, node };
}

async function askTimes(
  cache: Awaited<ReturnType<FakeNet['cache']>>,
  target: string,
  times: number,
): Promise<void> {
  for (let i = 0; i < times; i++) await ask(cache, target);
}

function compliance(name: string, open: () => Promise<[CacheFiles, () => Promise<void>]>): void {
  test(`${name}: popular answers survive a restart, the others do not`, async () => {
    const { net, node } = setUp();
    const [files, close] = await open();
    try {
      const before = await net.cache({}, files);
      await askTimes(before, '/p/1', 3);
      await askTimes(before, '/p/2', 2);
      await before.stop();
      assert.equal(before.stats().diskEntries, 1);
      const after = await net.cache({}, files);
      node.isAway = true;
      assert.equal(text(await ask(after, '/p/1')).length, 1000);
      assert.equal((await ask(after, '/p/2')).status, 502);
      await after.stop();
    } finally {
      await close();
    }
  });
}

suite('cache: disk', () => {
  test('a body that is not on disk yet is shared with who asks meanwhile', async () => {
    const { net, node } = setUp();
    const files = new MemoryFiles();
    let release = (): void => undefined;
    const written = new Promise<void>((resolve) => {
      release = resolve;
    });
    const write = files.writeBody.bind(files);
    files.writeBody = async (hash, body) => {
      await written;
      await write(hash, body);
    };
    // Too small a memory for the body, which is popular at once.
    const cache = await net.cache({ popularThreshold: 1, memoryBytesMax: 2_000 }, files);
    const first = await ask(cache, '/p/1');
    const second = await ask(cache, '/p/1');
    assert.equal(second.body.buffer, first.body.buffer);
    assert.equal(node.asked.length, 1);
    release();
    await cache.stop();
  });

  compliance('memory', () => Promise.resolve([new MemoryFiles(), () => Promise.resolve()]));
  compliance('folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'basalt-cache-'));
    return [await openCacheFiles(folder), () => rm(folder, { recursive: true })];
  });

  test('equal bodies are one file, and it stays as long as one address needs it', async () => {
    const { net, node } = setUp();
    const files = new MemoryFiles();
    const cache = await net.cache({ popularThreshold: 1 }, files);
    for (const target of ['/a', '/b']) {
      node.pages.set(target, { fields: { 'cache-control': 'max-age=9' }, body: 'same' });
      await ask(cache, target);
    }
    await cache.stop();
    assert.deepEqual([files.bodies.size, files.records.size], [1, 2]);
    net.nowMs += 10_000;
    node.pages.set('/a', { status: 404 });
    await ask(cache, '/a');
    await cache.stop();
    assert.deepEqual([files.bodies.size, files.records.size], [1, 1]);
  });

  test('bytes are bounded: who was not asked for longest goes', async () => {
    const { net, node } = setUp();
    const files = new MemoryFiles();
    const config = { popularThreshold: 1, memoryBytesMax: 0, diskBytesMax: 5 * 2100 };
    const cache = await net.cache(config, files);
    for (let i = 0; i < 20; i++) {
      await ask(cache, `/p/${i}`);
      await cache.stop();
      await ask(cache, '/p/0');
    }
    await cache.stop();
    assert.ok(cache.stats().diskBytes <= 5 * 2100);
    assert.equal(files.records.size, 5);
    assert.equal(files.bodies.size, 5);
    node.isAway = true;
    assert.equal((await ask(cache, '/p/0')).status, 200);
    assert.equal((await ask(cache, '/p/10')).status, 502);
  });

  test('a full disk fails no request; after a minute it is tried again', async () => {
    const { net, node } = setUp();
    const files = new MemoryFiles();
    files.isFull = true;
    const cache = await net.cache({ popularThreshold: 1 }, files);
    assert.equal((await ask(cache, '/p/1')).status, 200);
    await cache.stop();
    assert.equal(cache.stats().diskErrors, 1);
    assert.equal(field(await ask(cache, '/p/1'), 'cache-status')?.startsWith('basalt; hit'), true);
    assert.equal((await ask(cache, '/p/2')).status, 200);
    files.isFull = false;
    net.nowMs += 60_001;
    assert.equal((await ask(cache, '/p/2')).status, 200);
    await cache.stop();
    assert.equal(files.records.size, 1);
    assert.equal(cache.stats().diskErrors, 1);
    assert.equal(node.asked.length, 2);
  });

  test('a torn body is found by its name and asked for again', async () => {
    const { net, node } = setUp();
    const files = new MemoryFiles();
    const before = await net.cache({ popularThreshold: 1 }, files);
    await ask(before, '/p/1');
    await before.stop();
    for (const [hash, body] of files.bodies) files.bodies.set(hash, body.subarray(0, 10));
    const after = await net.cache({ popularThreshold: 1 }, files);
    assert.equal(text(await ask(after, '/p/1')).length, 1000);
    assert.equal(after.stats().diskDamaged, 1);
    assert.equal(node.asked.length, 2);
    await after.stop();
    assert.equal([...files.bodies.values()][0]?.length, 1000);
  });

  test('records and bodies without each other are removed at start', async () => {
    const { net } = setUp();
    const files = new MemoryFiles();
    const before = await net.cache({ popularThreshold: 1 }, files);
    for (const i of [1, 2, 3]) await ask(before, `/p/${i}`);
    await before.stop();
    const [first] = files.bodies.keys();
    files.bodies.delete(first ?? '');
    const [, , third] = files.records.keys();
    files.records.set(third ?? '', { target: 7 });
    const after = await net.cache({}, files);
    assert.equal(after.stats().entries, 1);
    assert.deepEqual([files.bodies.size, files.records.size], [1, 1]);
  });

  test('what was being written when the process ended is cleared away', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'basalt-cache-'));
    try {
      await openCacheFiles(folder);
      await writeFile(join(folder, 'new', '7'), 'half');
      const files = await openCacheFiles(folder);
      assert.deepEqual(await readdir(join(folder, 'new')), []);
      await files.writeBody('ab'.repeat(32), Buffer.from('x'));
      await writeFile(join(folder, 'bodies', 'ab', 'note.txt'), 'no body');
      assert.deepEqual([...(await files.load()).bodies], ['ab'.repeat(32)]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('newer heads do not wear out the disk, and an old one helps at a restart', async () => {
    const { net, node } = setUp();
    const files = new MemoryFiles();
    let writes = 0;
    const count: CacheFiles = {
      ...bound(files),
      writeRecord: (key, record) => {
        writes++;
        return files.writeRecord(key, record);
      },
    };
    const cache = await net.cache({ popularThreshold: 1 }, count);
    for (let size = 1; size <= 25; size++) {
      const fields = { etag: `"${size}"`, 'cache-control': HEAD };
      node.pages.set('/super/checkpoint', { fields, body: `o\n${size}\nr\n` });
      await ask(cache, '/super/checkpoint', { 'cache-control': 'max-age=0' });
      net.nowMs += 1_000;
    }
    await cache.stop();
    assert.equal(writes, 3);
    node.isAway = true;
    const after = await net.cache({}, files);
    assert.equal(text(await ask(after, '/super/checkpoint')), 'o\n21\nr\n');
  });
});

function bound(files: MemoryFiles): CacheFiles {
  return {
    load: () => files.load(),
    readBody: (hash) => files.readBody(hash),
    writeBody: (hash, body) => files.writeBody(hash, body),
    removeBody: (hash) => files.removeBody(hash),
    writeRecord: (key, record) => files.writeRecord(key, record),
    removeRecord: (key) => files.removeRecord(key),
  };
}
