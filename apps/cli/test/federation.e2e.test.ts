/**
 * An origin and three witnesses, each a process of its own: witnesses fail one after another, and a
 * relay meets a liar. `serve-the-world.e2e.test.ts` has everybody.
 */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, createClient } from '@basalt/client';
import { createNativeProvider } from '@basalt/crypto';
import {
  ALGORITHM,
  createSigner,
  type NamespaceId,
  type Policy,
  parsePolicy,
  utf8,
} from '@basalt/protocol';
import { type Card, json, until, witnessedCheckpoint } from './helpers/federation.ts';
import { lastByteChanged, startForwarder } from './helpers/forwarder.ts';
import { Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const provider = createNativeProvider();
const signer = createSigner(
  provider.suite(ALGORITHM.ed25519).keyPairFromSeed(new Uint8Array(32).fill(5)),
  provider,
);
const sandbox = new Sandbox();
const witnesses: TestNode[] = [];
let origin: TestNode;
let policy: Policy;
let policyText: string;
let namespace: NamespaceId;
let writer: Client;

async function sizeAt(node: TestNode): Promise<number> {
  const response = await fetch(`${node.url}/chains/${namespace}`);
  if (!response.ok) return 0;
  return ((await response.json()) as { checkpointSize: number }).checkpointSize;
}

async function append(count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, i) => ({ payload: utf8(`record ${i}`) }));
  await writer.append(namespace, records, { signer, until: 'checkpoint' });
}

before(async () => {
  const dataDir = join(sandbox.folder, 'origin');
  origin = await startTestNode(sandbox, [], dataDir);
  const port = new URL(origin.url).port;
  for (let i = 0; i < 3; i++) {
    const roles = ['--role', 'witness', '--upstream', origin.url];
    witnesses.push(await startTestNode(sandbox, roles));
  }
  const asked = witnesses.flatMap(({ url }) => ['--witness', url]);
  const written = await sandbox.ok(['policy', '--url', origin.url, ...asked]);
  policyText = written.out;
  policy = parsePolicy(policyText);
  writeFileSync(sandbox.path('policy.txt'), policyText);
  assert.equal((await origin.stop()).code, 0);
  const settings = ['--witness-policy', 'policy.txt', '--set', 'federation=true'];
  // The last --port counts.
  origin = await startTestNode(sandbox, [...settings, '--port', port], dataDir);
  writer = createClient({ url: origin.url });
  ({ namespace } = await writer.createNamespace({ label: 'audit', signer }));
});

after(async () => {
  for (const node of [origin, ...witnesses]) await node?.kill();
  sandbox[Symbol.dispose]();
});

suite('an origin with witnesses', () => {
  test('roles are told at the start, in the configuration and in the card', async () => {
    const card = await json<Card>(`${witnesses[0]?.url}/.well-known/basalt`);
    assert.deepEqual(card.roles, ['witness']);
    const printed = await sandbox.ok(['config', '--role', 'relay,witness', '--json']);
    assert.deepEqual((JSON.parse(printed.out) as Card).roles, ['relay', 'witness']);
    const alone = await sandbox.run(['node', '--role', 'cache']);
    assert.equal(alone.code, 2);
    assert.match(alone.err, /--upstream/);
    const wrong = await sandbox.run(['node', '--role', 'oracle']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /roles/);
    const lost = await sandbox.run(['node', '--role', 'witness', '--data-dir', 'lost']);
    assert.equal(lost.code, 2);
    assert.match(lost.err, /--upstream/);
    const away = ['--role', 'witness', '--data-dir', 'away', '--upstream', 'http://127.0.0.1:1'];
    assert.equal((await sandbox.run(['node', ...away])).code, 3);
    assert.equal(existsSync(sandbox.path('away/witness-logs.txt')), false);
  });

  test('the quorum has cosigned what is published, and a light client asks for it', async () => {
    await append(300);
    const reader = createClient({ url: origin.url, policy: policyText });
    await until('a witnessed super-root covers the blocks', async () => {
      const proof = await reader.superProof(namespace).catch(() => undefined);
      return proof?.value?.size === 301;
    });
    const { superVerifierKey } = await json<Card>(`${origin.url}/.well-known/basalt`);
    const opened = await witnessedCheckpoint(
      policy,
      `${origin.url}/super/checkpoint`,
      superVerifierKey,
    );
    assert.ok(opened.witnesses.length >= 2);
  });

  test('one witness down: others go on; two down: super-roots wait, blocks do not', async () => {
    const { superVerifierKey } = await json<Card>(`${origin.url}/.well-known/basalt`);
    const sizeNow = async (): Promise<number> =>
      (await witnessedCheckpoint(policy, `${origin.url}/super/checkpoint`, superVerifierKey))
        .checkpoint.size;
    await witnesses[0]?.kill();
    let size = await sizeNow();
    await append(1);
    await until('the other two cosign', async () => (await sizeNow()) > size);
    const [, second] = witnesses;
    assert.ok(second);
    await second.kill();
    await pause(1_500); // a round that was under way ends
    size = await sizeNow();
    await append(1);
    await pause(2_500);
    assert.equal(await sizeNow(), size);
    assert.equal(await sizeAt(origin), 303);
    const port = new URL(second.url).port;
    witnesses[1] = await startTestNode(
      sandbox,
      ['--role', 'witness', '--port', port],
      second.dataDir,
    );
    await until('the quorum is back', async () => (await sizeNow()) > size);
  });

  test('a relay names a liar and takes nothing from it; beside the origin it has all', async () => {
    await using liar = await startForwarder(origin.url, lastByteChanged);
    const settings = ['--role', 'relay', '--set', 'compareIntervalMs=500'];
    const deceived = await startTestNode(sandbox, [...settings, '--upstream', liar.url]);
    let words = '';
    deceived.child.stderr?.on('data', (piece: Buffer) => {
      words += piece.toString();
    });
    const named = new RegExp(`told something false.*"url":"${liar.url}"`);
    await until('the liar is named', async () => named.test(words));
    assert.equal(await sizeAt(deceived), 0);
    assert.equal((await deceived.stop()).code, 0);
    const upstreams = ['--upstream', liar.url, '--upstream', origin.url];
    const node = await startTestNode(sandbox, [...settings, ...upstreams], deceived.dataDir);
    await until('it has all', async () => (await sizeAt(node)) === 303);
    const reader = createClient({ url: node.url });
    const there = createClient({ url: origin.url });
    for (const index of [1, 150, 302]) {
      const [copy, original] = await Promise.all(
        [reader, there].map((client) => client.get({ namespace, index })),
      );
      assert.deepEqual(copy?.hash, original?.hash);
      assert.ok(copy?.verified.inclusion);
    }
    await node.kill();
  });
});
