/**
 * What a node tells Prometheus: well formed after load, bounded, and everything that rules and
 * dashboards ask for.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createNativeProvider } from '@basalt/crypto';
import { resolveConfig, startNode } from '@basalt/node';
import { ALGORITHM, createSigner, encodeGenesis } from '@basalt/protocol';
import { noopLogger } from '@basalt/telemetry';
import {
  alertNames,
  dashboardExpressions,
  exposedNames,
  metricsOf,
  noPromtool,
  promtool,
  RULES,
  recordedNames,
  ruleExpressions,
} from './helpers/prometheus.ts';
import { REPOSITORY, Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const sandbox = new Sandbox();
let node: TestNode;

const scrape = async (url = node.url): Promise<string> => (await fetch(`${url}/metrics`)).text();

before(async () => {
  const settings = ['chain=true', 'rpcPort=0', 'federation=true', 'hostReadings=true'];
  node = await startTestNode(
    sandbox,
    settings.flatMap((one) => ['--set', one]),
  );
});

after(async () => {
  await node.stop();
  sandbox[Symbol.dispose]();
});

test('the exposition is well formed at the start and after load', {
  skip: noPromtool,
}, async () => {
  const fresh = promtool(['check', 'metrics'], await scrape());
  assert.deepEqual(fresh, { code: 0, words: '' });
  const { rpcUrl = '' } = node;
  const load = ['load', '--seconds', '2', '--url', node.url, '--rpc-url', rpcUrl];
  await sandbox.ok([...load, '--profile', 'mixed', '--rate', '300']);
  await sandbox.ok([...load, '--profile', 'transactions', '--rate', '50']);
  await fetch(`${node.url}/no/such/page`);
  const text = await scrape();
  assert.match(text, /^basalt_chain_transactions_total [1-9]/m);
  assert.match(text, /^basalt_blocks_accepted_total [1-9]\d\d/m);
  assert.deepEqual(promtool(['check', 'metrics'], text), { code: 0, words: '' });
  const wrong = text.replaceAll('basalt_commit_duration_seconds', 'basalt_commit_duration_ms');
  assert.match(promtool(['check', 'metrics'], wrong).words, /ms/, 'the check sees wrong units');
});

test('rules and the example are accepted, and the rules’ own tests hold', {
  skip: noPromtool,
}, () => {
  const folder = join(REPOSITORY, 'ops', 'prometheus');
  const checked = promtool(['check', 'rules', RULES]);
  assert.equal(checked.code, 0, checked.words);
  const example = promtool(['check', 'config', join(folder, 'prometheus.yml')]);
  assert.equal(example.code, 0, example.words);
  const tested = promtool(['test', 'rules', join(folder, 'basalt.test.yml')]);
  assert.equal(tested.code, 0, tested.words);
});

test('what rules and dashboards ask for is there', async () => {
  const rules = ruleExpressions();
  assert.equal(rules.length, alertNames().length + recordedNames().length, 'all rules are read');
  const expressions = [...rules, ...dashboardExpressions()];
  const known = exposedNames(await scrape());
  for (const name of recordedNames()) known.add(name);
  for (const expression of expressions) {
    for (const name of metricsOf(expression)) {
      assert.ok(known.has(name), `${expression.place}: no node has the metric ${name}`);
    }
  }
  assert.throws(() => metricsOf({ place: 'here', expression: 'rate(basalt_x[5m]' }), /no PromQL/);
  assert.ok(!known.has('basalt_no_such_thing'));
});

/** 10,000 namespaces, 10,000 shards as labels, and strangers who invent paths and methods. */
const MANY = 10_000;
const SCRAPE_BYTES_MAX = 512 * 1024;

test('10,000 namespaces and as many label values leave a scrape bounded', async () => {
  const flags = { dataDir: join(sandbox.folder, 'many'), port: 0, checkpointIntervalMs: 60_000 };
  const { config } = resolveConfig({ flags });
  await using many = await startNode(config, { logger: noopLogger, version: '0.0.0' });
  const provider = createNativeProvider();
  const keys = provider.suite(ALGORITHM.ed25519).keyPairFromSeed(new Uint8Array(32).fill(9));
  const signer = createSigner(keys, provider);
  const genesis = (label: string): Uint8Array =>
    encodeGenesis({
      strategy: { kind: 'topic', topic: label },
      label,
      currentKey: { algorithm: ALGORITHM.ed25519, publicKey: signer.publicKey },
      nextKeyHash: undefined,
      recoveryKeys: [],
      recoveryDelayMs: 0,
      parent: undefined,
      nonce: new Uint8Array(16),
    });
  const before = (await scrape(many.info.url)).length;
  const made = Array.from({ length: MANY }, (_, i) =>
    many.ledger.createNamespace(genesis(`namespace-${i}`), signer),
  );
  await Promise.all(made);
  const busy = many.metrics.counter({
    name: 'basalt_test_blocks_total',
    help: 'x',
    labels: ['shard'],
  });
  const slow = many.metrics.histogram({
    name: 'basalt_test_duration_seconds',
    help: 'x',
    labels: ['shard', 'kind'],
    buckets: [0.1, 1, 10],
  });
  for (let i = 0; i < MANY; i++) {
    busy.add(1, { shard: `shard-${i}` });
    slow.observe(1, { shard: `shard-${i}`, kind: `kind-${i % 100}` });
  }
  for (let i = 0; i < 300; i++) await fetch(`${many.info.url}/invented/${i}`);
  const text = await scrape(many.info.url);
  assert.match(text, /^basalt_blocks_accepted_total 1\d{4}$/m, 'the namespaces are there');
  assert.ok(text.length < SCRAPE_BYTES_MAX, `${text.length} bytes, before ${before}`);
  assert.equal(text.match(/^basalt_test_blocks_total\{/gm)?.length, 65, '64 shards and the others');
  assert.doesNotMatch(text, /invented/);
});
