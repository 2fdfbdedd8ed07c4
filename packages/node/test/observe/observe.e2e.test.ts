import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createNativeProvider } from '@basalt/crypto';
import {
  createBlock,
  createGenesisBlock,
  createSigner,
  type NamespaceId,
  PAYLOAD_TYPE,
  tipAfter,
} from '@basalt/protocol';
import { createJsonLogger, LogLevels, type NodeStatus, type StatusSample } from '@basalt/telemetry';
import { type RunningNode, resolveConfig, startNode } from '../../src/index.ts';
import { referencePayload } from './reference-payload.ts';

const folder = mkdtempSync(join(tmpdir(), 'basalt observe '));
const levels = new LogLevels('info');
const lines: string[] = [];
let node: RunningNode;
let token: string;

before(async () => {
  const { config } = resolveConfig({
    flags: { dataDir: folder, port: 0, hostReadings: true, hostReadingsIntervalMs: 100 },
  });
  const write = (line: string): number => lines.push(line);
  const logger = createJsonLogger({ write, clock: { nowMs: () => Date.now() }, level: levels });
  node = await startNode(config, { logger, logLevels: levels, version: '1.2.3' });
  token = readFileSync(node.info.adminTokenFile, 'utf8').trim();
});

after(async () => {
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function read<Answer>(path: string): Promise<Answer> {
  const answer = await fetch(node.info.url + path);
  assert.equal(answer.status, 200);
  return (await answer.json()) as Answer;
}

const post = (path: string, body: unknown, bearer = token): Promise<Response> =>
  fetch(node.info.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}` },
    body: JSON.stringify(body),
  });

test('the status is the node’s, and follows what happens', async () => {
  let status = await read<NodeStatus>('/status');
  assert.equal(status.version, '1.2.3');
  assert.equal(status.origin, node.info.origin);
  assert.equal(status.execution, null);
  while (!status.shards.hot.some(({ label }) => label === 'host') || status.totals.blocks < 5) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    status = await read<NodeStatus>('/status');
  }
  assert.equal(status.health.state, 'good');
  assert.ok(status.now.blocksPerSecond > 2 && (status.now.finalityP99Seconds ?? 0) > 0);
  const history = await read<StatusSample[]>('/status/history');
  assert.ok(history.length >= 2 && history.length <= 600);
  const network = await read<{ self: string; nodes: { url: string }[] }>('/status/network');
  assert.equal(network.nodes[0]?.url, node.info.url);
  assert.deepEqual(await read('/alerts'), []);
});

test('blocks that refer to other namespaces are counted, with labels', async () => {
  const provider = createNativeProvider();
  const signer = createSigner(provider.suite(1).keyPairFromSeed(new Uint8Array(32).fill(9)));
  const nonce = new Uint8Array(16);
  const timestampMs = Date.now() - 1_000;
  const genesis = createGenesisBlock({ label: 'books', nonce, timestampMs, signer });
  const { namespace } = genesis.block.entry.header;
  const target = node.info.hostNamespace as NamespaceId;
  const { block } = createBlock({
    namespace,
    tip: tipAfter(genesis.block, genesis.hash),
    timestampMs: timestampMs + 1,
    payloadType: PAYLOAD_TYPE.crossReference,
    payload: referencePayload(namespace, target),
    signer,
  });
  const outcomes = await node.ledger.submit([genesis.block, block]);
  assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['accepted']));
  let { labels, counts } = (await read<NodeStatus>('/status')).shards.flow;
  while (!labels.some((label) => label.startsWith('books'))) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    ({ labels, counts } = (await read<NodeStatus>('/status')).shards.flow);
  }
  const from = labels.findIndex((label) => label.startsWith('books ('));
  const to = labels.findIndex((label) => label.startsWith('host ('));
  assert.ok((counts[from]?.[to] ?? 0) > 0.9);
});

test('the status streams once a second', async () => {
  const abort = new AbortController();
  const answer = await fetch(`${node.info.url}/status/events`, { signal: abort.signal });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (text.split('event: status').length < 4) text += (await reader?.read())?.value ?? '';
  const [first] = /^data: (.*)$/m.exec(text)?.slice(1) ?? [];
  assert.equal((JSON.parse(first ?? '{}') as NodeStatus).origin, node.info.origin);
  abort.abort();
});

test('readiness and health tell the checks', async () => {
  assert.equal((await fetch(`${node.info.url}/readyz`)).status, 200);
  const health = await read<{ health: { checks: { name: string }[] } }>('/healthz');
  assert.ok(health.health.checks.some(({ name }) => name === 'disk'));
});

test('control and log levels are changed by the operator only', async () => {
  assert.equal((await post('/control', { on: false }, 'wrong')).status, 401);
  assert.equal((await post('/control', { on: false })).status, 200);
  assert.equal((await post('/control', { on: true })).status, 200);
  const why = async (body: unknown): Promise<unknown> => {
    const answer = await post('/control', body);
    assert.equal(answer.status, 422);
    return ((await answer.json()) as { detail: string }).detail;
  };
  assert.equal(await why({ name: 'nothing', value: 3 }), 'no tunable is named nothing');
  const name = 'ledger.group-blocks';
  assert.match(String(await why({ name, value: '3' })), /expected a number/);
  const huge = await fetch(`${node.info.url}/control`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: `{"name":"${name}","value":1e400}`,
  });
  assert.match(((await huge.json()) as { detail: string }).detail, /number that is finite/);
  const cut = (await (await post('/control', { name, value: 1e9 })).json()) as object;
  const notes = ['1000000000 is cut to 4096, the most that it may be.'];
  assert.deepEqual(cut, { done: true, value: 4_096, notes });
  assert.equal((await post('/control', { name, value: null })).status, 200);
  assert.equal((await post('/log-levels', { level: 'debug', part: 'x' }, 'no')).status, 401);
  assert.equal((await post('/log-levels', { level: 'loud' })).status, 422);
  assert.equal((await post('/log-levels', { level: 'debug', part: 'gateway' })).status, 200);
  const misspelt = await post('/log-levels', { level: 'debug', part: 'gatewey' });
  assert.equal(misspelt.status, 422);
  assert.match(await misspelt.text(), /no part is named gatewey: there are .*gateway, .*ledger/);
  const told = await read<ReturnType<LogLevels['list']>>('/log-levels');
  assert.deepEqual([told.all, told.parts], ['info', { gateway: 'debug' }]);
  assert.equal((await post('/log-levels', { level: null, part: 'gateway' })).status, 200);
  assert.deepEqual(levels.list().parts, {});
});

test('metrics tell finality and how late the event loop is, as histograms', async () => {
  const text = await (await fetch(`${node.info.url}/metrics`)).text();
  assert.match(text, /basalt_block_finality_duration_seconds_bucket\{le="0\.5"\} [1-9]/);
  assert.match(text, /basalt_event_loop_delay_seconds_count [1-9]/);
});
