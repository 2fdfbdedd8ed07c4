/** An origin that lets payloads go, and an archive that must have them first. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createNativeProvider } from '@basalt/crypto';
import {
  ALGORITHM,
  createSigner,
  encodeGenesis,
  type NamespaceId,
  type Signer,
  utf8,
} from '@basalt/protocol';
import { noopLogger } from '@basalt/telemetry';
import {
  type NodeConfig,
  NodeError,
  type RunningNode,
  resolveConfig,
  startNode,
} from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'basalt retention '));
after(() => rmSync(folder, { recursive: true, force: true }));

async function start(name: string, flags: Partial<NodeConfig> = {}): Promise<RunningNode> {
  const config = resolveConfig({
    flags: { dataDir: join(folder, name), port: 0, verifierThreads: 0, ...flags },
  }).config;
  return await startNode(config, { logger: noopLogger, version: '0.0.0' });
}

function createWriterKey(label = 'sensors'): { signer: Signer; genesis: Uint8Array } {
  const provider = createNativeProvider();
  const pair = provider.suite(ALGORITHM.ed25519).keyPairFromSeed(new Uint8Array(32).fill(5));
  const signer = createSigner(pair, provider);
  const genesis = encodeGenesis({
    strategy: { kind: 'topic', topic: 'sensors' },
    label,
    currentKey: { algorithm: ALGORITHM.ed25519, publicKey: signer.publicKey },
    nextKeyHash: undefined,
    recoveryKeys: [],
    recoveryDelayMs: 0,
    parent: undefined,
    nonce: new Uint8Array(16).fill(7),
  });
  return { signer, genesis };
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + 30_000; Date.now() < endMs; await pause(100)) {
    if (await holds()) return;
  }
  assert.fail(`${what}: not within 30 s`);
}

const statusOf = async ({ info }: RunningNode, namespace: NamespaceId): Promise<number> => {
  const target = `${info.url}/chains/${namespace}/blocks?from=5&count=1`;
  const reply = await fetch(target, { headers: { accept: 'application/x-basalt-blocks' } });
  await reply.arrayBuffer();
  return reply.status;
};

test('payloads go from the origin when its archive has them, and not before', async () => {
  const first = await start('origin');
  const { url } = first.info;
  await first.stop();
  const archiveFlags = { roles: ['archive'] as const, upstreams: [url] };
  const known = await start('archive', archiveFlags);
  const { mirrorKey } = known.info;
  const port = Number(new URL(known.info.url).port);
  await known.stop();
  assert.ok(mirrorKey !== undefined);

  await using origin = await start('origin', {
    port: Number(new URL(url).port),
    retention: 'keep-headers',
    retentionIntervalMs: 1_000,
    archives: [`http://127.0.0.1:${port} ${mirrorKey}`],
  });
  const { signer, genesis } = createWriterKey();
  const writer = await origin.ledger.createNamespace(genesis, signer);
  const records = Array.from({ length: 300 }, (_, i) => ({ payload: utf8(`reading ${i}`) }));
  await writer.append(records, { consistency: 'immediate' });
  const { namespace } = writer;
  await pause(2_500);
  // The archive is down: several passes have gone by, and all is there.
  assert.equal(await statusOf(origin, namespace), 200);

  await using archive = await start('archive', { ...archiveFlags, port });
  await until('the payloads go', async () => (await statusOf(origin, namespace)) === 410);
  assert.equal(await statusOf(archive, namespace), 200);
  assert.deepEqual(await archive.ledger.payload(namespace, 5), utf8('reading 4'));
  const proof = await fetch(`${origin.info.url}/chains/${namespace}/proof?index=5`);
  assert.equal(proof.status, 200);
  const { payloadsFrom } = (await origin.ledger.info(namespace)) ?? {};
  assert.equal(payloadsFrom, 301);
});

/** The example of golang.org/x/mod/sumdb/note: nobody answers under it here. */
const MIRROR_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';

test('by hand nothing goes before the archive, nor of a chain or the super-log', async () => {
  const prune = async (node: RunningNode, namespace: string): Promise<[number, unknown]> => {
    const token = readFileSync(node.info.adminTokenFile, 'utf8').trim();
    const reply = await fetch(`${node.info.url}/admin/prune`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ namespace, before: 3 }),
    });
    const { heldBy } = (await reply.json()) as { heldBy?: string };
    return [reply.status, heldBy];
  };
  const { signer, genesis } = createWriterKey();
  const records = Array.from({ length: 9 }, (_, i) => ({ payload: utf8(`reading ${i}`) }));
  const name = 'by-hand';
  const archives = [`http://127.0.0.1:1 ${MIRROR_KEY}`];
  {
    await using node = await start(name, { archives });
    const writer = await node.ledger.createNamespace(genesis, signer);
    await writer.append(records, { consistency: 'immediate' });
    await node.ledger.flush();
    assert.deepEqual(await prune(node, writer.namespace), [409, 'archive']);
    assert.deepEqual(await prune(node, node.ledger.superNamespace()), [409, 'super-log']);
    const chain = createWriterKey('chain');
    const blocks = await node.ledger.createNamespace(chain.genesis, chain.signer);
    await blocks.append(records, { consistency: 'immediate' });
  }
  // What a node with a chain leaves in its folder.
  mkdirSync(join(folder, name, 'chain'));
  writeFileSync(join(folder, name, 'chain', 'chain.json'), '{}');
  await using again = await start(name);
  const found: Record<string, unknown> = {};
  for await (const { namespace, label } of again.ledger.namespaces()) {
    found[label] = await prune(again, namespace);
  }
  assert.deepEqual(found['chain'], [409, 'untouched']);
  assert.deepEqual(found['sensors'], [200, undefined]);
});

test('a retention that cannot work is refused at the start', async () => {
  const refuses = async (flags: Partial<NodeConfig>, words: RegExp): Promise<void> => {
    await assert.rejects(start('refused', flags), (error) => {
      assert.ok(error instanceof NodeError && error.code === 'bad-config', String(error));
      assert.match(error.message, words);
      return true;
    });
  };
  await refuses({ retention: 'keep-lately:5' }, /retention: keep-lately:5/);
  const file = join(folder, 'rules.json');
  writeFileSync(file, '{"mode":"selective","rules":[{"action":"prune","agedDays":3}]}');
  await refuses({ retention: file }, /no field "agedDays"/);
  writeFileSync(file, '{"mode":"selective","rules":[{"action":"prune","bytesMin":9}]}');
  await refuses({ retention: file, roles: ['archive'] }, /vouches for all/);
  await refuses({ archives: ['http://127.0.0.1:1 nonsense'] }, /no verifier key/);
  await refuses({ archives: ['127.0.0.1:1'] }, /address/);
});
