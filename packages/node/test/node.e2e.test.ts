import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { noopLogger } from '@basalt/telemetry';
import { type NodeConfig, NodeError, resolveConfig, startNode } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'basalt node '));
after(() => rmSync(folder, { recursive: true, force: true }));

const components = { logger: noopLogger, version: '0.0.0' };

function configOf(name: string, flags: Partial<NodeConfig> = {}): NodeConfig {
  return resolveConfig({ flags: { dataDir: join(folder, name), port: 0, ...flags } }).config;
}

const hasCode = (code: string) => (error: unknown) => {
  assert.ok(error instanceof NodeError, String(error));
  assert.equal(error.code, code);
  return true;
};

test('starts, serves, stops; starts again as the same log', async () => {
  const first = await startNode(configOf('a'), components);
  assert.equal(first.info.isNewLog, true);
  assert.equal((await fetch(`${first.info.url}/readyz`)).status, 200);
  await Promise.all([first.stop(), first.stop()]);
  await assert.rejects(fetch(`${first.info.url}/readyz`));
  await using second = await startNode(configOf('a'), components);
  assert.equal(second.info.isNewLog, false);
  assert.equal(second.info.origin, first.info.origin);
  assert.equal(statSync(second.info.logKeyFile).mode & 0o777, 0o600);
});

test('host readings go on in the same namespace after a new start', async () => {
  const config = configOf('b', { hostReadings: true, hostReadingsIntervalMs: 100 });
  const sizes: number[] = [];
  const namespaces = new Set<string>();
  for (let start = 0; start < 2; start++) {
    await using node = await startNode(config, components);
    const namespace = node.info.hostNamespace;
    assert.ok(namespace);
    namespaces.add(namespace);
    await pause(500);
    sizes.push((await node.ledger.info(namespace))?.size ?? 0);
  }
  assert.equal(namespaces.size, 1);
  assert.ok((sizes[0] ?? 0) >= 3 && (sizes[1] ?? 0) > (sizes[0] ?? 0), sizes.join());
});

test('folder or port in use, key damaged: refused, and nothing stays open', async () => {
  await using node = await startNode(configOf('c'), components);
  await assert.rejects(startNode(configOf('c'), components), hasCode('data-in-use'));
  const port = Number(new URL(node.info.url).port);
  await assert.rejects(startNode(configOf('d', { port }), components), hasCode('port-in-use'));
  // What had started before the port was found taken is closed: the folder opens again.
  await using again = await startNode(configOf('d'), components);
  assert.ok(again.info.url);
  await again.stop();
  writeFileSync(again.info.logKeyFile, '{"type":"basalt-key"}');
  await assert.rejects(startNode(configOf('d'), components), hasCode('key-damaged'));
});

test('an encrypted log key needs its passphrase', async () => {
  const withKey = { ...components, passphrase: 'correct horse' };
  const node = await startNode(configOf('e'), withKey);
  await node.stop();
  await assert.rejects(startNode(configOf('e'), components), hasCode('key-damaged'));
  const wrong = { ...components, passphrase: 'wrong' };
  await assert.rejects(startNode(configOf('e'), wrong), hasCode('key-damaged'));
  await using again = await startNode(configOf('e'), withKey);
  assert.equal(again.info.origin, node.info.origin);
});

test('metrics of process, ledger, store and gateway are served', async () => {
  await using node = await startNode(configOf('f', { hostReadings: true }), components);
  await pause(200);
  await (await fetch(`${node.info.url}/chains`)).text(); // counts from the second request on
  const text = await (await fetch(`${node.info.url}/metrics`)).text();
  for (const name of [
    'basalt_process_memory_bytes',
    'basalt_event_loop_delay_seconds',
    'basalt_commit_duration_seconds_count',
    'basalt_store_blocks',
    'basalt_http_requests_total',
    'basalt_verifier_queue_blocks',
  ]) {
    assert.match(text, new RegExp(`^${name}`, 'm'), name);
  }
});

test('without worker threads signatures are checked on the main thread', async () => {
  await using node = await startNode(configOf('g', { verifierThreads: 0 }), components);
  assert.equal(node.info.verifierThreads, 0);
  assert.equal((await fetch(`${node.info.url}/chains`)).status, 200);
});
