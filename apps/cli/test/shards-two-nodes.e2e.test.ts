/** One sharded import against several nodes, and against one set back: never two histories. */
import assert from 'node:assert/strict';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createClient } from '@basalt/client';
import { json, until } from './helpers/federation.ts';
import { type Ended, Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const sandbox = new Sandbox();
const nodes: TestNode[] = [];
const start = async (args: readonly string[], dataDir?: string): Promise<TestNode> => {
  const settings = ['--set', 'federation=true', '--set', 'superEpochMs=200'];
  const node = await startTestNode(sandbox, [...settings, ...args], dataDir);
  nodes.push(node);
  return node;
};
after(async () => {
  for (const node of nodes) await node.kill();
  sandbox[Symbol.dispose]();
});

const DAY = 86_400;
const BEGIN = Date.UTC(2025, 10, 1) / 1_000;

async function importDay(name: string, day: number, url: string, env = {}): Promise<Ended> {
  const file = `${name}-${day}.ndjson`;
  writeFileSync(sandbox.path(file), JSON.stringify({ at: BEGIN + day * DAY, value: day }));
  const by = ['--shard-by', 'time=at:1d', '--json', '--url', url];
  return await sandbox.run(['append', '-n', name, file, ...by], { env });
}

interface Told {
  readonly namespace: string;
  readonly label: string;
  readonly size: number;
  readonly frozenAt?: number;
}

async function told(url: string): Promise<Map<string, Told>> {
  const found = new Map<string, Told>();
  for await (const { namespace } of createClient({ url }).namespaces()) {
    const one = await json<Told>(`${url}/chains/${namespace}`);
    found.set(one.label, one);
  }
  return found;
}

const labelOf = (name: string, day: number): string =>
  `${name}/${new Date((BEGIN + day * DAY) * 1_000).toISOString().replace('.000Z', 'Z')}`;

test('founded on two nodes at two times: one genesis block, and nothing freezes', async () => {
  const a = await start([]);
  const b = await start([]);
  // The clock is far ahead for all but a genesis block: the import ends right after it.
  const script = 'const now=Date.now;Date.now=()=>now()+600000';
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
  const genesis: string[] = [];
  for (const { url } of [a, b]) {
    assert.match((await importDay('early', 0, url, env)).err, /too-far-in-future/);
    const shard = (await told(url)).get(labelOf('early', 0)) as Told;
    assert.equal(shard.size, 1);
    const [first] = await json<{ hash: string }[]>(
      `${url}/chains/${shard.namespace}/blocks?from=0&count=1`,
    );
    genesis.push(`${shard.namespace} ${first?.hash}`);
  }
  assert.equal(genesis[0], genesis[1]);
  assert.equal((await importDay('early', 0, a.url)).code, 0);

  assert.equal((await importDay('twin', 0, a.url)).code, 0);
  const second = await importDay('twin', 0, b.url);
  assert.equal(second.code, 4);
  assert.match(second.err, /lost-blocks/);

  const relay = await start(['--role', 'relay', '--upstream', a.url, '--upstream', b.url]);
  await until('the relay has both shards', async () => {
    const held = await told(relay.url);
    return ['early', 'twin'].every((name) => held.get(labelOf(name, 0))?.size === 2);
  });
  for (const { url } of [a, b, relay]) {
    for (const { label, frozenAt } of (await told(url)).values()) {
      assert.equal(frozenAt ?? undefined, undefined, `${url} ${label}`);
    }
  }
});

test('a node set back to before a shard, or to within one: nothing is signed again', async () => {
  const first = await start([]);
  const set = ['--set', `port=${new URL(first.url).port}`];
  assert.equal((await first.stop()).code, 0);
  const empty = `${first.dataDir} empty`;
  cpSync(first.dataDir, empty, { recursive: true });
  const second = await start(set, first.dataDir);
  assert.equal((await importDay('back', 0, second.url)).code, 0);
  assert.equal((await second.stop()).code, 0);
  const within = `${first.dataDir} within`;
  cpSync(first.dataDir, within, { recursive: true });
  const third = await start(set, first.dataDir);
  assert.equal((await importDay('back', 1, third.url)).code, 0);
  assert.equal((await third.stop()).code, 0);

  // Day 0 ends with its record there: the close that it had must not be signed a second time.
  const fourth = await start(set, within);
  const size = (await told(fourth.url)).get(labelOf('back', 0))?.size;
  const remembered = await importDay('back', 2, fourth.url);
  assert.equal(remembered.code, 4);
  assert.match(remembered.err, /lost-blocks.*saw of it before/);
  // Also where what was seen of the node is forgotten: the journal knows what was signed.
  rmSync(join(sandbox.home, 'trust'), { recursive: true });
  const signed = await importDay('back', 2, fourth.url);
  assert.equal(signed.code, 4);
  assert.match(signed.err, /lost-blocks.*and block 2 of this computer/);
  assert.equal((await told(fourth.url)).get(labelOf('back', 0))?.size, size);
  assert.equal((await fourth.stop()).code, 0);

  const fifth = await start(set, empty);
  const founding = await importDay('back', 0, fifth.url);
  assert.equal(founding.code, 4);
  assert.match(founding.err, /lost-blocks/);
  assert.equal((await told(fifth.url)).has(labelOf('back', 0)), false);
});
