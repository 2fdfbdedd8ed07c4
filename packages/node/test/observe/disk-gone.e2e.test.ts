/** The disk of a running node is unmounted, or its data folder moved away, and comes back. */
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createNativeProvider } from '@basalt/crypto';
import { createGenesisBlock, createSigner, encodeBlock } from '@basalt/protocol';
import { noopLogger } from '@basalt/telemetry';
import { resolveConfig, startNode } from '../../src/index.ts';

const WAIT_MS = 20_000;
const folder = mkdtempSync(join(tmpdir(), 'basalt gone '));
const data = join(folder, 'data');
const gone = join(folder, 'gone');

after(() => rmSync(folder, { recursive: true, force: true }));

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const started = Date.now(); !(await isSo()); ) {
    assert.ok(Date.now() - started < WAIT_MS, what);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// Windows lets nobody move a folder with open files.
const skip = process.platform === 'win32';

test('a data folder that is gone is told everywhere, and its return too', { skip }, async () => {
  const { config } = resolveConfig({ flags: { dataDir: data, port: 0 } });
  await using node = await startNode(config, { logger: noopLogger, version: '1.2.3' });
  const { url } = node.info;
  const get = (path: string): Promise<Response> => fetch(url + path);
  const signer = createSigner(
    createNativeProvider().suite(1).keyPairFromSeed(new Uint8Array(32).fill(9)),
  );
  const write = (nonce: number): Promise<Response> => {
    const genesis = createGenesisBlock({
      label: 'books',
      nonce: new Uint8Array(16).fill(nonce),
      timestampMs: Date.now(),
      signer,
    });
    const headers = { 'content-type': 'application/octet-stream' };
    return fetch(`${url}/blocks`, { method: 'POST', headers, body: encodeBlock(genesis.block) });
  };
  assert.ok((await write(1)).ok);
  await until('the room is told', async () =>
    /^basalt_disk_free_bytes [1-9]/m.test(await (await get('/metrics')).text()),
  );

  renameSync(data, gone);
  const refused = await write(2);
  assert.equal(refused.status, 503);
  assert.match(await refused.text(), /cannot be reached.*ENOENT.*mount its disk/);
  await until('not ready', async () => {
    const answer = await get('/readyz');
    const words = await answer.text();
    return answer.status === 503 && /The data folder is gone \(ENOENT\): mount/.test(words);
  });
  assert.equal(((await (await get('/livez')).json()) as { writes: boolean }).writes, false);
  await until('an alert', async () => {
    const alerts = (await (await get('/alerts')).json()) as { name: string; state: string }[];
    const firing = alerts.filter(({ state }) => state === 'firing').map(({ name }) => name);
    assert.ok(!firing.includes('BasaltDiskAlmostFull'));
    return firing.includes('BasaltDiskGone') && firing.includes('BasaltWritesRefused');
  });
  assert.doesNotMatch(await (await get('/metrics')).text(), /^basalt_disk_free_bytes/m);

  renameSync(gone, data);
  await until('a write', async () => (await write(3)).ok);
  await until('ready', async () => (await get('/readyz')).status === 200);
});
