/** Load on a real node and a real chain: every profile, and what it says where it cannot. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
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

test('bounds and an absent node', async () => {
  const wild = await sandbox.run(['load', '--rate', '9999999', ...url]);
  assert.equal(wild.code, 2);
  const absent = await sandbox.run(['load', '--url', 'http://127.0.0.1:9']);
  assert.equal(absent.code, 3);
});
