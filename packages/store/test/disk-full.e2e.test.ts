import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLmdbEngine, createLogStore, fsck, StoreError } from '../src/index.ts';
import { TestChain } from './support/chain.ts';
import { testFolder } from './support/folder.ts';

const MIB = 1024 * 1024;
const MOUNT = '/bin/mount';
const UNMOUNT = '/bin/umount';

/** Mounts a small file system; returns why not when that is not possible here. */
function mountSmall(path: string): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root to mount a small file system';
  const { status, error } = spawnSync(MOUNT, ['-t', 'tmpfs', '-o', 'size=24m', 'none', path]);
  return status === 0 ? undefined : `cannot mount a file system here: ${error ?? status}`;
}

const isDiskFull = (error: unknown): boolean =>
  error instanceof StoreError && error.code === 'disk-full' && /free some room/.test(error.message);

for (const reserveBytes of [0, 2 * MIB]) {
  const how = reserveBytes === 0 ? 'found by the file system' : 'seen before it happens';
  test(`a full disk, ${how}: disk-full, reads go on, writes again with room`, async (t) => {
    await using folder = await testFolder('full');
    const refusal = mountSmall(folder.path);
    if (refusal !== undefined) {
      t.skip(refusal);
      return;
    }
    try {
      await fill(folder.path, reserveBytes);
    } finally {
      spawnSync(UNMOUNT, [folder.path]);
    }
  });
}

async function fill(path: string, reserveBytes: number): Promise<void> {
  const ballast = join(path, 'ballast');
  await writeFile(ballast, new Uint8Array(6 * MIB));
  const open = () => createLmdbEngine({ path: join(path, 'store'), reserveBytes });
  let store = await createLogStore(await open());
  const chain = new TestChain(1);
  let stored = 0;
  let next = chain.grow(200, 2000);
  const untilFull = async (): Promise<void> => {
    while (stored < 20_000) {
      await store.append(next);
      stored = chain.size;
      next = chain.grow(200, 2000);
    }
  };
  await assert.rejects(untilFull(), isDiskFull);
  assert.ok(stored > 0);
  const large = [{ name: 'large', value: new Uint8Array(12 * MIB) }];
  for (let i = 0; i < 3; i++) await assert.rejects(store.putRecords(large), isDiskFull);
  assert.equal((await store.head(chain.namespace))?.size, stored);
  assert.equal(await store.record('large'), undefined);
  for (const index of [0, stored - 1]) {
    const block = chain.blocks[index];
    assert.deepEqual(await store.entry(chain.namespace, index), block?.entry);
    assert.deepEqual(await store.payload(chain.namespace, index), block?.payload);
  }
  await rm(ballast);
  await store.append(next);
  await store.close();
  store = await createLogStore(await open());
  assert.equal((await store.head(chain.namespace))?.size, chain.size);
  for await (const event of fsck(store)) {
    assert.ok(event.kind !== 'finding', `fsck: ${JSON.stringify(event)}`);
  }
  await store.close();
}
