import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { noopLogger } from '@basalt/telemetry';
import { foreignBatches } from '../bench/foreign-batches.ts';
import { resolveConfig, startNode } from '../src/index.ts';

const MIB = 1024 * 1024;

/** Mounts a small file system; returns why not when that is not possible here. */
function mountSmall(path: string): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root to mount a small file system';
  const { status } = spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=80m', 'none', path]);
  return status === 0 ? undefined : 'cannot mount a file system here';
}

test('a full disk: reads go on, writes say why they are refused and come back', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'basalt full '));
  const refusal = mountSmall(folder);
  try {
    if (refusal === undefined) await fillAndFree(folder);
    else t.skip(refusal);
  } finally {
    if (refusal === undefined) spawnSync('/bin/umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  }
});

async function fillAndFree(folder: string): Promise<void> {
  const ballast = join(folder, 'ballast');
  writeFileSync(ballast, new Uint8Array(24 * MIB));
  const flags = { dataDir: join(folder, 'data'), port: 0, verifierThreads: 0 };
  const { config } = resolveConfig({ flags });
  await using node = await startNode(config, { logger: noopLogger, version: '0.0.0' });
  const { url } = node.info;
  const post = (body: Uint8Array): Promise<Response> =>
    fetch(`${url}/blocks/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-basalt-blocks' },
      body: new Uint8Array(body),
    });

  const batches = foreignBatches(160_000, 256);
  let accepted = 0;
  let refused: Response | undefined;
  for (const batch of batches) {
    const answer = await post(batch);
    if (answer.status !== 200) {
      refused = answer;
      break;
    }
    await answer.arrayBuffer();
    accepted++;
  }
  assert.ok(accepted > 0, 'some batches fit');
  assert.equal(refused?.status, 503, 'the disk fills up before the batches end');
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  const problem = (await refused.json()) as { code: string; detail: string };
  assert.equal(problem.code, 'read-only');
  assert.match(problem.detail, /disk is full: make room/);

  const chains = (await (await fetch(`${url}/chains`)).json()) as { label: string; size: number }[];
  const size = chains.find(({ label }) => label === 'bench')?.size;
  assert.equal(size, accepted * 256, 'what was acknowledged is there, and nothing else');
  assert.equal((await fetch(`${url}/chains/bench/blocks/${accepted * 256 - 1}`)).status, 200);
  assert.match(await (await fetch(`${url}/livez`)).text(), /"writes":false/);
  const unready = await fetch(`${url}/readyz`);
  assert.equal(unready.status, 503, 'requests go to others');
  assert.match(await unready.text(), /the disk is full: make room/);

  rmSync(ballast);
  await pause(1_200);
  const again = await post(batches[accepted] as Uint8Array);
  assert.equal(again.status, 200);
  // Not ready yet: a disk as small as this one is always nearly full.
  assert.match(await (await fetch(`${url}/livez`)).text(), /"writes":true/);
}
