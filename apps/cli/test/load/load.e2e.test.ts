/** Load on a real node and a real chain: every profile, and what it says where it cannot. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startForwarder } from '../helpers/forwarder.ts';
import { lastJson, Sandbox, startTestNode, type TestNode } from '../helpers/run-cli.ts';
import { startDevnet } from '../helpers/test-devnet.ts';

const sandbox = new Sandbox();
let node: TestNode;
let url: string[];

before(async () => {
  node = await startTestNode(sandbox);
  url = ['--url', node.url];
});

after(async () => {
  await node.stop();
  sandbox[Symbol.dispose]();
});

interface Told {
  readonly arrived: number;
  readonly finished: number;
  readonly failed: number;
  readonly problems: Readonly<Record<string, number>>;
  readonly perSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly most: number };
  readonly serviceMs: { readonly p50: number };
}

async function load(args: readonly string[]): Promise<Told> {
  const ran = await sandbox.ok(['load', '--seconds', '2', '--json', ...args]);
  return lastJson<Told>(ran.out);
}

for (const profile of ['append', 'reads', 'mixed']) {
  test(`${profile}: all that arrives is answered, and well`, async () => {
    const told = await load(['--profile', profile, '--rate', '100', ...url]);
    assert.ok(told.arrived > 120 && told.arrived < 300, String(told.arrived));
    assert.equal(told.finished, told.arrived);
    assert.deepEqual(told.problems, {});
    assert.ok(told.latencyMs.p50 > 0 && told.latencyMs.p50 <= told.latencyMs.p99);
    assert.ok(told.serviceMs.p50 <= told.latencyMs.p50 * 1.02);
  });
}

test('appends are answered after the sync, or with the checkpoint that was asked for', async () => {
  const args = ['--profile', 'append', '--rate', '20', ...url];
  const durable = await load(args);
  const immediate = await load([...args, '--consistency', 'immediate']);
  const eventual = await load([...args, '--consistency', 'eventual']);
  const told = [durable, immediate, eventual].map(({ serviceMs }) => serviceMs.p50);
  assert.ok(durable.serviceMs.p50 * 2 < immediate.serviceMs.p50, told.join(', '));
  for (const { failed, arrived, finished } of [durable, immediate, eventual]) {
    assert.deepEqual([failed, finished], [0, arrived]);
  }
  const unknown = await sandbox.run(['load', '--consistency', 'fast', ...url]);
  assert.equal(unknown.code, 2);
});

test('each that may be under way has a writer: none waits in the tool', async () => {
  const count = async (): Promise<number> => {
    const { out } = await sandbox.ok(['namespaces', '--json', ...url]);
    return out.trim().split('\n').length;
  };
  const before = await count();
  const told = await load(['--profile', 'append', '--rate', '600', '-c', '100', ...url]);
  assert.equal(told.failed, 0);
  assert.equal((await count()) - before, 100);
});

test('transactions: each is accepted by the chain', async () => {
  const devnet = await startDevnet(sandbox);
  const args = ['--profile', 'transactions', '--rate', '50', '--rpc-url', devnet.rpcUrl];
  const told = await load(args);
  assert.deepEqual(told.problems, {});
  const count = Number(await devnet.call<string>('eth_blockNumber'));
  assert.ok(count > 0);
  await devnet.stop();
});

test('for people: a table, and what was asked for', async () => {
  const args = ['--rate', '50', '--seconds', '1', '--arrivals', 'even', ...url];
  const { out } = await sandbox.ok(['load', ...args]);
  assert.match(out, /from when it was due +[\d.]+ +[\d.]+/);
  assert.match(out, /50 requests in/);
  assert.match(out, /asked for 50\/s, even arrivals/);
});

test('requests that fail end it with 1, for people and for programs', async () => {
  let wellLeft = Number.POSITIVE_INFINITY;
  const forwarder = await startForwarder(node.url, (target, answer) => {
    const isSetup = target === '/chains';
    return isSetup || --wellLeft >= 0 ? answer : { ...answer, status: 500 };
  });
  try {
    const args = ['load', '--seconds', '1', '--rate', '50', '--url', forwarder.url];
    assert.equal((await sandbox.run(args)).code, 0);
    wellLeft = 20;
    const people = await sandbox.run(args);
    assert.equal(people.code, 1, people.err);
    assert.match(people.out, /from when it was due[^]* failed: 500/);
    assert.match(people.err, /of \d+ requests failed/);
    const programs = await sandbox.run([...args, '--json']);
    assert.equal(programs.code, 1, programs.err);
    const told = lastJson<Told>(programs.out);
    assert.ok(told.failed > 0 && told.failed === told.finished, 'the numbers are told as well');
    assert.match(programs.err, /"code":"load-failed"/);
  } finally {
    await forwarder[Symbol.asyncDispose]();
  }
});

test('bounds and an absent node', async () => {
  const wild = await sandbox.run(['load', '--rate', '9999999', ...url]);
  assert.equal(wild.code, 2);
  const absent = await sandbox.run(['load', '--url', 'http://127.0.0.1:9']);
  assert.equal(absent.code, 3);
});
