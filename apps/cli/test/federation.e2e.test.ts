/**
 * An origin, three witnesses, a relay, an archive and a cache, each a process of its own.
 * Witnesses fail one after another; then the origin is gone, and what it published is read
 * elsewhere and verifies.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, createClient } from '@basalt/client';
import { createNativeProvider } from '@basalt/crypto';
import {
  ALGORITHM,
  createNoteKey,
  createSigner,
  decodeBundle,
  entriesPath,
  leafHash,
  type NamespaceId,
  openByPolicy,
  openCheckpoint,
  type Policy,
  type PolicyCheckpoint,
  parsePolicy,
  parseVerifierKey,
  RangeBuilder,
  sha256,
  toHex,
  utf8,
} from '@basalt/protocol';
import { Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const WAIT_MS = 30_000;
const provider = createNativeProvider();
const signer = createSigner(
  provider.suite(ALGORITHM.ed25519).keyPairFromSeed(new Uint8Array(32).fill(5)),
  provider,
);
const sandbox = new Sandbox();
const witnesses: TestNode[] = [];
let origin: TestNode;
let relay: TestNode;
let archive: TestNode;
let cache: TestNode;
let policy: Policy;
let policyText: string;
/** Of the origin's key alone, as readers of single namespaces have it. */
let logPolicy: string;
let namespace: NamespaceId;
let writer: Client;

interface Card {
  readonly origin: string;
  readonly roles: readonly string[];
  readonly superVerifierKey: string;
}

async function json<Value>(url: string): Promise<Value> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  return (await response.json()) as Value;
}

async function until(what: string, isDone: () => Promise<boolean>): Promise<void> {
  for (const started = Date.now(); ; await pause(100)) {
    if (await isDone()) return;
    assert.ok(Date.now() - started < WAIT_MS, `within ${WAIT_MS} ms: ${what}`);
  }
}

async function sizeAt(node: TestNode): Promise<number> {
  const response = await fetch(`${node.url}/chains/${namespace}`);
  if (!response.ok) return 0;
  return ((await response.json()) as { checkpointSize: number }).checkpointSize;
}

/** The super-log's checkpoint, signed by the origin and cosigned by the quorum, or it throws. */
async function witnessed(url: string, key: string): Promise<PolicyCheckpoint> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  const logs = [parseVerifierKey(key)];
  return openByPolicy(await response.text(), { ...policy, logs: [] }, provider, { logs });
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
  logPolicy = (await sandbox.ok(['policy', '--url', origin.url])).out;
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
  const copying = (role: string): string[] => [
    '--role',
    role,
    '--upstream',
    origin.url,
    '--set',
    'compareIntervalMs=500',
  ];
  relay = await startTestNode(sandbox, copying('relay'));
  archive = await startTestNode(sandbox, copying('archive'));
  cache = await startTestNode(sandbox, ['--role', 'cache', '--upstream', origin.url]);
});

after(async () => {
  for (const node of [origin, relay, archive, cache, ...witnesses]) await node?.kill();
  sandbox[Symbol.dispose]();
});

suite('an origin with witnesses and copies', () => {
  test('roles are told at the start, in the configuration and in the card', async () => {
    const card = await json<Card>(`${archive.url}/.well-known/basalt`);
    assert.deepEqual(card.roles, ['archive']);
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
    const opened = await witnessed(`${origin.url}/super/checkpoint`, superVerifierKey);
    assert.ok(opened.witnesses.length >= 2);
  });

  test('one witness down: others go on; two down: super-roots wait, blocks do not', async () => {
    const { superVerifierKey } = await json<Card>(`${origin.url}/.well-known/basalt`);
    const sizeNow = async (): Promise<number> =>
      (await witnessed(`${origin.url}/super/checkpoint`, superVerifierKey)).checkpoint.size;
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
    await using liar = await startLiar(origin.url);
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

  test('copies follow; with the origin gone they answer, and all of it verifies', async () => {
    for (const node of [relay, archive]) {
      await until(`${node.url} has all`, async () => (await sizeAt(node)) === 303);
    }
    const { origin: name, superVerifierKey } = await json<Card>(`${origin.url}/.well-known/basalt`);
    const before = await createClient({ url: origin.url }).get({ namespace, index: 300 });
    const mirror = `/mirrors/${toHex(sha256(utf8(name)))}`;
    const log = `${mirror}/ns/${namespace}`;
    for (const node of [relay, archive]) {
      await until(
        `${node.url} keeps the note`,
        async () => (await fetch(node.url + log + '/checkpoint')).ok,
      );
    }
    await until(
      'the archive keeps the super-log',
      async () => (await fetch(`${archive.url}${mirror}/super/checkpoint`)).ok,
    );
    const { hash } = await createClient({ url: cache.url }).get({ namespace, index: 300 });
    assert.deepEqual(hash, before.hash);
    await origin.kill();
    await pause(2_000); // what the cache holds of heads and proofs is no longer fresh
    const cached = createClient({ url: cache.url, policy: logPolicy, retries: 0 });
    const { verified } = await cached.get({ namespace, index: 300 });
    assert.ok(verified.signature && verified.writer && verified.inclusion && verified.policy);
    assert.equal((await fetch(`${cache.url}/metrics`)).status, 404);
    for (const node of [relay, archive]) {
      const block = await createClient({ url: node.url, retries: 0 }).get({
        namespace,
        index: 300,
      });
      assert.ok(block.verified.signature && block.verified.writer && block.verified.inclusion);
      assert.deepEqual(block.hash, before.hash);
      await checkMirrored(node.url + log, name);
    }
    const kept = await witnessed(`${archive.url}${mirror}/super/checkpoint`, superVerifierKey);
    assert.ok(kept.witnesses.length >= 2);
  });
});

/** Passes everything on, and changes the last byte of each page of blocks. */
async function startLiar(url: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    void (async () => {
      const target = request.url ?? '/';
      const accept = request.headers.accept ?? '*/*';
      const reply = await fetch(url + target, { headers: { accept } });
      const body = Buffer.from(await reply.arrayBuffer());
      if (target.includes('/blocks?')) body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
      const type = reply.headers.get('content-type') ?? 'text/plain';
      response.writeHead(reply.status, { 'content-type': type }).end(body);
    })().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** The origin's own note at a copy, and the tree that the copy's bundles make. */
async function checkMirrored(url: string, name: string): Promise<void> {
  const [line] = policy.logs;
  assert.equal(line?.key.name, name);
  const { type, publicKey } = line.key;
  const key = createNoteKey(`${name}/ns/${namespace}`, type, publicKey);
  const note = await (await fetch(`${url}/checkpoint`)).text();
  const { checkpoint } = openCheckpoint(note, [key], provider);
  assert.equal(checkpoint.size, 303);
  const tree = new RangeBuilder();
  for (const index of [0, 1]) {
    const width = Math.min(256, checkpoint.size - 256 * index);
    const bundle = await fetch(`${url}/${entriesPath({ index, width })}`);
    const entries = decodeBundle(new Uint8Array(await bundle.arrayBuffer()), width);
    for (const entry of entries) tree.append(leafHash(entry));
  }
  assert.deepEqual(tree.root(), checkpoint.root);
}
