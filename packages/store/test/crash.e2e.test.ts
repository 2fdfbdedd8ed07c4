import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fsck, openDataFolder } from '../src/index.ts';
import { CRASH_CHAINS, CrashChain } from './support/crash-chain.ts';
import { testFolder } from './support/folder.ts';

/** More with BASALT_CRASH_ROUNDS=500. */
const ROUNDS = Number(process.env['BASALT_CRASH_ROUNDS'] ?? 20);
const CHILD = fileURLToPath(new URL('./support/crash-child.ts', import.meta.url));

interface Acknowledged {
  readonly sizes: number[];
  readonly published: number[];
  appends: number;
}

/** Lets a child write until it is killed at a random moment, and collects what it acknowledged. */
async function writeAndKill(path: string, round: number, told: Acknowledged): Promise<void> {
  const child = spawn(process.execPath, [CHILD, path, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.on('exit', (_, signal) => resolve(signal));
  });
  const lines = createInterface({ input: child.stdout });
  // Every fifth kill comes while the child opens the folder, the others while it writes.
  const duringOpening = round % 5 === 4;
  if (duringOpening) void wait(Math.random() * 250).then(() => child.kill('SIGKILL'));
  for await (const line of lines) {
    const message: unknown = JSON.parse(line);
    if (message === 'ready') {
      if (!duringOpening) void wait(Math.random() * 300).then(() => child.kill('SIGKILL'));
    } else if (Array.isArray(message) && message[0] === 'published') {
      told.published[message[1]] = message[2];
    } else if (Array.isArray(message)) {
      told.sizes[message[0]] = message[1];
      told.appends++;
    }
  }
  assert.equal(await ended, 'SIGKILL', 'the child ended by the kill and not by itself');
}

/** Everything that was acknowledged is there, is what it was, and nothing is damaged. */
async function verify(path: string, told: Acknowledged): Promise<void> {
  await using folder = await openDataFolder(path, { reserveBytes: 0 });
  for (let number = 0; number < CRASH_CHAINS; number++) {
    const chain = new CrashChain(number + 1);
    const head = await folder.store.head(chain.namespace);
    const size = head?.size ?? 0;
    assert.ok(size >= (told.sizes[number] ?? 0), `${size} blocks, ${told.sizes[number]} told`);
    if (size > 0) chain.advance(size);
    assert.deepEqual(head?.headHash, chain.head);
    assert.deepEqual(head?.edge ?? new Uint8Array(0), chain.edge);
    const last = chain.blocks.at(-1);
    if (last === undefined) continue;
    assert.deepEqual(await folder.store.payload(chain.namespace, last.index), last.payload);
    const place = { namespace: chain.namespace, index: last.index };
    assert.deepEqual(await folder.store.locate(last.blockHash), place);
  }
  const published = folder.published();
  for (const [number, size] of told.published.entries()) {
    if (size === undefined) continue;
    assert.ok(published.some(({ log }) => log === `log ${number}/${size}`));
  }
  for await (const event of fsck(folder.store)) {
    assert.ok(event.kind !== 'finding', `fsck: ${JSON.stringify(event)}`);
  }
}

test(`kill -9 at ${ROUNDS} random moments: everything acknowledged is there, fsck is clean`, {
  timeout: 60_000 + ROUNDS * 5_000,
}, async (t) => {
  let told: Acknowledged = { sizes: [], published: [], appends: 0 };
  let folder = await testFolder('crash');
  let appends = 0;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await writeAndKill(folder.path, round, told);
      await verify(folder.path, told);
      if (told.sizes.reduce((sum, size) => sum + size, 0) < 30_000) continue;
      // Long chains make rebuilding them slow, and find nothing more.
      appends += told.appends;
      told = { sizes: [], published: [], appends: 0 };
      await folder[Symbol.asyncDispose]();
      folder = await testFolder('crash');
    }
    appends += told.appends;
    // The check is able to fail: one block more than there is would be noticed.
    const liar = { ...told, sizes: [Number.MAX_SAFE_INTEGER] };
    await assert.rejects(verify(folder.path, liar), /told/);
    t.diagnostic(`${ROUNDS} kills, ${appends} acknowledged appends`);
    assert.ok(appends > ROUNDS, 'the children got to write');
  } finally {
    await folder[Symbol.asyncDispose]();
  }
});
