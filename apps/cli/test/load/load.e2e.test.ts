/** Load on a real node and a real chain: every profile, and what it says where it cannot. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startForwarder } from '../helpers/forwarder.ts';
import { ended, lastJson, Sandbox, startTestNode, type TestNode } from '../helpers/run-cli.ts';
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
  readonly payload?: number;
  readonly consistency?: string;
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

/** Exactly 20 appends, evenly over a second. */
const twenty = '--profile append --rate 20 --arrivals even --seconds 1'.split(' ');

test('appends ask to be answered after the sync, with a checkpoint, or when queued', async () => {
  const asked = new Map<string, number>();
  await using forwarder = await startForwarder(node.url, (target, answer, { headers }) => {
    const prefer = String(headers['prefer']);
    if (target === '/blocks') asked.set(prefer, (asked.get(prefer) ?? 0) + 1);
    return answer;
  });
  const args = [...twenty, '--url', forwarder.url];
  for (const [level, prefer] of [
    [undefined, 'durable'],
    ['durable', 'durable'],
    ['immediate', 'wait-checkpoint'],
    ['eventual', 'respond-async'],
  ] as const) {
    asked.clear();
    const told = await load([...args, ...(level === undefined ? [] : ['--consistency', level])]);
    assert.deepEqual([told.failed, told.finished], [0, told.arrived]);
    assert.deepEqual([...asked], [[prefer, 20]]);
    assert.deepEqual([told.consistency, told.payload], [level ?? 'durable', 256]);
  }
  const reads = await load(['--rate', '20', '--seconds', '1', ...url]);
  assert.deepEqual([reads.consistency, reads.payload], [undefined, undefined]);
  const unknown = await sandbox.run(['load', '--consistency', 'fast', ...url]);
  assert.equal(unknown.code, 2);
});

async function countNamespaces(): Promise<number> {
  const { out } = await sandbox.ok(['namespaces', '--json', ...url]);
  return out.trim().split('\n').length;
}

test('no more namespaces are made than blocks want, however many may be under way', async () => {
  const before = await countNamespaces();
  const told = await load([...twenty, '-c', '2048', ...url]);
  assert.deepEqual([told.arrived, told.failed], [20, 0]);
  const made = (await countNamespaces()) - before;
  assert.ok(made >= 10 && made <= 20, String(made));
});

test('where answers take long, a block that finds no free writer gets one of its own', async () => {
  let letGo: () => void = () => undefined;
  const allSent = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let sent = 0;
  await using forwarder = await startForwarder(node.url, async (target, answer) => {
    if (target === '/blocks' && ++sent === 20) letGo();
    if (target === '/blocks') await allSent;
    return answer;
  });
  const before = await countNamespaces();
  const told = await load([...twenty, '-c', '64', '--url', forwarder.url]);
  assert.deepEqual([told.arrived, told.finished, told.problems], [20, 20, {}]);
  assert.equal((await countNamespaces()) - before, 20, 'all were under way at once');
});

test('the making of namespaces is broken off by an interrupt', async () => {
  let asked = 0;
  const nobody = new Promise<undefined>(() => undefined);
  let begun: () => void = () => undefined;
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  await using forwarder = await startForwarder(node.url, (target, answer) => {
    if (target !== '/blocks/batch') return answer;
    if (++asked === 64) begun();
    return nobody;
  });
  const args = ['load', '--profile', 'append', '--rate', '5000', '-c', '4096'];
  const child = sandbox.spawn([...args, '--url', forwarder.url], { input: '' });
  const end = ended(child);
  await hasBegun;
  child.kill('SIGINT');
  assert.deepEqual(await end.then(({ code, out }) => [code, out]), [130, '']);
  assert.equal(asked, 64, 'nothing was sent again, and nothing more');
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
