/**
 * An operator puts an old copy of a data folder back. Where the folder can tell, its node does not
 * start. Where all of it is old, it can not: a second history begins, the copies that have the
 * first prove the fork, and the namespace freezes everywhere.
 */
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ClientError, createClient } from '@basalt/client';
import { createNativeProvider } from '@basalt/crypto';
import { ALGORITHM, createSigner, type NamespaceId, utf8 } from '@basalt/protocol';
import { until } from './helpers/federation.ts';
import { Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const ROUND_MS = 1_000;
const provider = createNativeProvider();
const signer = createSigner(
  provider.suite(ALGORITHM.ed25519).keyPairFromSeed(new Uint8Array(32).fill(6)),
  provider,
);
const sandbox = new Sandbox();
const data = join(sandbox.folder, 'origin');
const old = join(sandbox.folder, 'copy of last night');
let origin: TestNode;
const copies: TestNode[] = [];
let namespace: NamespaceId;

const startOrigin = (port = '0'): Promise<TestNode> =>
  startTestNode(sandbox, ['--set', 'federation=true', '--port', port], data);

async function append(words: readonly string[]): Promise<void> {
  const records = words.map((word) => ({ payload: utf8(word) }));
  const options = { signer, until: 'checkpoint' } as const;
  await createClient({ url: origin.url }).append(namespace, records, options);
}

async function told({ url }: TestNode): Promise<{ size?: number; frozenAt?: number | null }> {
  return (await (await fetch(`${url}/chains/${namespace}`)).json()) as { size?: number };
}

async function everywhere(
  what: string,
  holds: (node: TestNode) => Promise<boolean>,
): Promise<void> {
  await until(what, async () => (await Promise.all(copies.map(holds))).every(Boolean));
}

before(async () => {
  origin = await startOrigin();
  const writer = createClient({ url: origin.url });
  ({ namespace } = await writer.createNamespace({ label: 'audit', signer }));
  await append(Array.from({ length: 20 }, (_, i) => `record ${i}`));
  const port = new URL(origin.url).port;
  assert.equal((await origin.stop()).code, 0);
  cpSync(data, old, { recursive: true });
  origin = await startOrigin(port);
  const copying = (role: string, upstream: string): Promise<TestNode> =>
    startTestNode(
      sandbox,
      ['--role', role, '--upstream', upstream, '--set'].concat(`compareIntervalMs=${ROUND_MS}`),
    );
  copies.push(await copying('relay', origin.url));
  copies.push(await copying('archive', origin.url));
  // Neither of them is known to the origin.
  copies.push(await copying('relay', copies[0]?.url ?? ''));
  await append(Array.from({ length: 10 }, (_, i) => `of today ${i}`));
  await everywhere('all have all', async (node) => (await told(node)).size === 31);
  assert.equal((await origin.stop()).code, 0);
});

after(async () => {
  for (const node of [origin, ...copies]) await node?.kill();
  sandbox[Symbol.dispose]();
});

suite('an old data folder put back', () => {
  test('a store that is older than what the folder has published does not open', async () => {
    cpSync(join(data, 'store'), join(sandbox.folder, 'store of today'), { recursive: true });
    rmSync(join(data, 'store'), { recursive: true });
    cpSync(join(old, 'store'), join(data, 'store'), { recursive: true });
    const run = await sandbox.run(['node', '--port', '0', '--data-dir', data]);
    assert.equal(run.code, 5);
    assert.match(run.err, /has 21 blocks, and a checkpoint of 31 was published/);
  });

  test('where nothing tells, the second history freezes the namespace everywhere', async (t) => {
    const { port } = new URL(origin.url);
    rmSync(data, { recursive: true });
    cpSync(old, data, { recursive: true });
    origin = await startOrigin(port);
    assert.equal((await told(origin)).size, 21);
    const startedMs = performance.now();
    await append(['another history']).catch((error: unknown) => {
      // Frozen before its checkpoint could be asked for.
      if (!(error instanceof ClientError)) throw error;
    });
    copies.push(origin);
    await everywhere('frozen', async (node) => (await told(node)).frozenAt === 21);
    const tookMs = performance.now() - startedMs;
    t.diagnostic(`four nodes had frozen it after ${Math.round(tookMs)} ms, a round is ${ROUND_MS}`);
    // Two rounds from when the copies call the origin again, which they leave alone while away:
    // `forks.test.ts` of federation counts the rounds in simulated time.
    assert.ok(tookMs < 15 * ROUND_MS, `${tookMs} ms`);
    await assert.rejects(append(['nobody takes it']), (error) => error instanceof ClientError);
    for (const { url } of copies) {
      const proofs = (await (await fetch(`${url}/chains/${namespace}/forks`)).json()) as unknown[];
      assert.ok(proofs.length > 0, url);
    }
  });
});
