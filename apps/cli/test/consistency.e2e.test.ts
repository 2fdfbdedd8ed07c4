/** Consistency levels from end to end: client, gateway, and a cache between them. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, ClientError, createClient } from '@basalt/client';
import {
  ALGORITHM,
  type Block,
  blockHash,
  createBlock,
  createSigner,
  type NamespaceId,
  nobleProvider,
  type Signer,
  tipAfter,
  utf8,
} from '@basalt/protocol';
import { Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const sandbox = new Sandbox();
let origin: TestNode;
let cache: TestNode;
let client: Client;
let namespace: NamespaceId;
let signer: Signer;

before(async () => {
  origin = await startTestNode(sandbox);
  cache = await startTestNode(sandbox, ['--role', 'cache', '--upstream', origin.url]);
  client = createClient({ url: origin.url });
  const seed = new Uint8Array(32).fill(31);
  signer = createSigner(nobleProvider.suite(ALGORITHM.ed25519).keyPairFromSeed(seed));
  ({ namespace } = await client.createNamespace({ label: 'levels', signer }));
});
after(async () => {
  await cache.stop();
  await origin.stop();
  sandbox[Symbol.dispose]();
});

async function nextBlock(text: string): Promise<Block> {
  const head = await client.head(namespace);
  const tip = tipAfter(head.block, head.hash);
  const timestampMs = Math.max(Date.now(), tip.timestampMs);
  const content = { timestampMs, payloadType: 1, payload: utf8(text) };
  return createBlock({ namespace, tip, ...content, signer }).block;
}

test('immediate brings a verified proof, durable none, eventual comes before either', async () => {
  const immediate = await client.writeBlock(await nextBlock('one'), { consistency: 'immediate' });
  assert.equal(immediate.status, 'accepted');
  assert.ok((immediate.proof?.size ?? 0) > immediate.index);
  const block = await nextBlock('two');
  const durable = await client.writeBlock(block, { consistency: 'durable' });
  assert.deepEqual([durable.status, durable.proof], ['accepted', undefined]);
  const again = await client.writeBlock(block, { consistency: 'durable' });
  assert.equal(again.status, 'duplicate');
  const eventual = await client.writeBlock(await nextBlock('three'), { consistency: 'eventual' });
  assert.equal(eventual.status, 'queued');
  const settled = await client.settledBlock(eventual.hash);
  assert.equal(settled.index, 3);
  assert.equal((await client.get({ namespace, index: 3 })).status, 'verified');
});

test('an eventual write that a rule refuses is told by its status', async () => {
  const block = await nextBlock('gap');
  const far = createBlock({
    namespace,
    tip: { size: 99, headHash: blockHash(block.entry, block.payload), timestampMs: Date.now() },
    timestampMs: Date.now(),
    payloadType: 1,
    payload: utf8('far ahead'),
    signer,
  });
  const { hash } = await client.writeBlock(far.block, { consistency: 'eventual' });
  await assert.rejects(
    client.settledBlock(hash),
    (error) => error instanceof ClientError && error.code === 'invalid-index',
  );
});

test('stale-ok takes from a cache what it holds; fresh asks again', async () => {
  const fresh = createClient({ url: cache.url });
  const stale = createClient({ url: cache.url, staleOkSeconds: 3_600 });
  const before = (await fresh.head(namespace)).block.entry.header.index;
  await client.writeBlock(await nextBlock('newer'));
  await pause(1_500); // a head is fresh for a second
  assert.equal((await stale.head(namespace)).block.entry.header.index, before);
  let now = before;
  // The first one may get the old head while the cache revalidates behind it.
  for (let i = 0; i < 40 && now === before; i++) {
    now = (await fresh.head(namespace)).block.entry.header.index;
    await pause(50);
  }
  assert.equal(now, before + 1);
});

test('the command line takes the levels too', async () => {
  const url = ['--url', origin.url];
  for (const level of ['immediate', 'durable', 'eventual']) {
    const lines = Array.from({ length: 600 }, (_, i) => `${level} ${i}`).join('\n');
    writeFileSync(sandbox.path(`${level}.log`), lines);
    const args = ['append', '-n', 'from-cli', `${level}.log`, '--consistency', level, '--json'];
    const { out } = await sandbox.ok([...args, ...url]);
    assert.equal((JSON.parse(out) as { appended: number }).appended, 600, level);
    const again = await sandbox.ok([...args, ...url]);
    assert.equal((JSON.parse(again.out) as { known: number }).known, 600, level);
  }
  const read = ['-n', 'from-cli', '--consistency', 'stale-ok', '--url', cache.url];
  const listed = await sandbox.ok(['list', ...read, '--from', '1', '-c', '3']);
  assert.match(listed.out, /immediate 0/);
  assert.match((await sandbox.ok(['get', '1', ...read, '--payload'])).out, /^immediate 0$/);
  assert.match((await sandbox.ok(['head', ...read])).out, /1,800/);
  const wrong = await sandbox.run(['head', '-n', 'x', '--consistency', 'eventual']);
  assert.equal(wrong.code, 2);
});
