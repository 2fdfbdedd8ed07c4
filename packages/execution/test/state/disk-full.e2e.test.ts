import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { StoreError } from '@basalt/store';
import { createStateEngine } from '../../src/state/tables.ts';
import { createWorldState } from '../../src/state/world-state.ts';
import { changesOfBlock, hashOfBlock } from './support/numbered-blocks.ts';

const MOUNT = '/bin/mount';
const UNMOUNT = '/bin/umount';

/** Mounts a small file system; returns why not when that is not possible here. */
function mountSmall(path: string): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root to mount a small file system';
  const { status, error } = spawnSync(MOUNT, ['-t', 'tmpfs', '-o', 'size=8m', 'none', path]);
  return status === 0 ? undefined : `cannot mount a file system here: ${error ?? status}`;
}

const isDiskFull = (error: unknown): boolean =>
  error instanceof StoreError && error.code === 'disk-full';

test('a full disk: blocks go on in memory, and all is durable once there is room', async (t) => {
  const path = await mkdtemp(join(tmpdir(), 'basalt-state-full-'));
  const refusal = mountSmall(path);
  if (refusal !== undefined) {
    t.skip(refusal);
    return;
  }
  try {
    await fill(path);
  } finally {
    spawnSync(UNMOUNT, [path]);
    await rm(path, { recursive: true, force: true });
  }
});

async function fill(path: string): Promise<void> {
  const ballast = join(path, 'ballast');
  await writeFile(ballast, new Uint8Array(4 * 1024 * 1024));
  const open = async () =>
    createWorldState({ engine: await createStateEngine({ path: join(path, 'state') }) });
  const world = await open();
  const roots: Uint8Array[] = [];
  const grow = async (): Promise<void> => {
    const number = world.number + 1;
    world.commit(world.stage(changesOfBlock(number, 120)), hashOfBlock(number));
    roots.push(world.root);
    await world.flush();
  };
  const untilFull = async (): Promise<void> => {
    for (let count = 0; count < 400; count++) await grow();
  };
  await assert.rejects(untilFull(), isDiskFull);
  const durable = world.durableNumber;
  assert.ok(durable >= 0 && durable < world.number);
  await assert.rejects(grow(), isDiskFull);
  const { address } = changesOfBlock(0)[0]!;
  const proof = world.prove(world.number, address, []);
  await rm(ballast);
  await grow();
  assert.equal(world.durableNumber, world.number);
  await world.close();
  const again = await open();
  assert.equal(again.number, roots.length - 1);
  assert.deepEqual(again.root, roots.at(-1));
  assert.deepEqual(again.prove(again.number - 1, address, []), proof);
  again.rewind(durable);
  assert.deepEqual(again.root, roots[durable]);
  await again.close();
}
