import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createStateEngine } from '../../src/state/tables.ts';
import type { WorldState } from '../../src/state/types.ts';
import { createWorldState } from '../../src/state/world-state.ts';
import { changesOfBlock, hashOfBlock } from './support/numbered-blocks.ts';

/** More with BASALT_CRASH_ROUNDS=500. */
const ROUNDS = Number(process.env['BASALT_CRASH_ROUNDS'] ?? 12);
const CHILD = fileURLToPath(new URL('./support/crash-child.ts', import.meta.url));

/** @returns the newest block that was told durable */
async function writeAndKill(path: string, before: number): Promise<number> {
  const child = spawn(process.execPath, [CHILD, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.on('exit', (_, signal) => resolve(signal));
  });
  let durable = before;
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as { opened?: number; durable?: number };
    if (message.opened !== undefined) {
      void wait(20 + Math.random() * 250).then(() => child.kill('SIGKILL'));
    }
    if (message.durable !== undefined) durable = message.durable;
  }
  assert.equal(await ended, 'SIGKILL', 'the child ended by the kill and not by itself');
  return durable;
}

test(`a state that was killed ${ROUNDS} times is that of one block, and not an older`, async () => {
  const path = await mkdtemp(join(tmpdir(), 'basalt-state-crash-'));
  // Never killed; in memory.
  const reference = createWorldState({ engine: await createStateEngine() });
  const checkUpTo = (world: WorldState): void => {
    while (reference.number < world.number) {
      const next = reference.number + 1;
      reference.commit(reference.stage(changesOfBlock(next)), hashOfBlock(next));
    }
    for (let number = world.oldest; number <= world.number; number += 3) {
      assert.deepEqual(world.blockHash(number), hashOfBlock(number));
      const [change] = changesOfBlock(number);
      const proof = world.prove(number, change!.address, []);
      const expected = reference.at(number)?.readAccount(change!.address);
      assert.equal(proof.account?.balance, expected?.balance);
    }
  };
  try {
    let told = -1;
    for (let round = 0; round < ROUNDS; round++) {
      told = await writeAndKill(path, told);
      const world = createWorldState({
        engine: await createStateEngine({ path }),
        windowBlocks: 20,
      });
      // What was undone and not made again yet may be up to five blocks back.
      assert.ok(world.number >= told - 5, `block ${world.number}, ${told} was durable`);
      if (world.number < 0) {
        // Killed before the first block was told durable.
        await world.close();
        continue;
      }
      checkUpTo(world);
      const twin = reference.at(world.number);
      assert.ok(twin !== undefined);
      const root = reference.prove(world.number, new Uint8Array(20), []).nodes[0];
      assert.deepEqual(world.prove(world.number, new Uint8Array(20), []).nodes[0], root);
      told = world.number;
      await world.close();
    }
    assert.ok(told > 0);
  } finally {
    await reference.close();
    await rm(path, { recursive: true, force: true });
  }
});
