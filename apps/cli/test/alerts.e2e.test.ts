/**
 * A real Prometheus with the rules of this repository, `for` and windows made short, scrapes real
 * nodes in trouble. Made-up series stand for a controller without rest, and for a full disk where
 * no small one can be mounted.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type LoopbackServer, listenOnLoopback } from '../../../tools/testing/loopback.ts';
import {
  alertNames,
  type FiringAlert,
  noPrometheus,
  RULES,
  startPrometheus,
  type TestPrometheus,
} from './helpers/prometheus.ts';
import { freePort } from './helpers/proxy.ts';
import { ended, Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const MIB = 1024 * 1024;
/** Long, for a machine that has much else to do; what is expected comes within seconds. */
const WAIT_MS = 150_000;

const sandbox = new Sandbox();
const nodes = new Set<TestNode>();
const servers = new Set<LoopbackServer>();
const smallDisk: string | undefined = mountSmall();
let prometheus: TestPrometheus;
let isOver = false;
let watching: Promise<void>;

/** One port for each scenario; Prometheus knows them before there is a node. */
const PORTS = {
  disk: await freePort(),
  gone: await freePort(),
  busy: await freePort(),
  unwitnessed: await freePort(),
  copy: await freePort(),
  deceived: await freePort(),
  conflict: await freePort(),
  restarted: await freePort(),
  madeUp: await freePort(),
};

type Scenario = keyof typeof PORTS;

/** Alerts that have fired so far, by name and instance. */
const seen = new Map<string, FiringAlert>();

/** The scrapes are a second apart. */
const SCRAPED_MS = 62_000;

/** A small file system for a node; undefined where this machine allows none. */
function mountSmall(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const path = join(sandbox.folder, 'small disk');
  mkdirSync(path);
  const { status } = spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=80m', 'none', path]);
  return status === 0 ? path : undefined;
}

/** The rules as they are, with nothing to wait for and short windows. */
function hastyRules(): string {
  return readFileSync(RULES, 'utf8')
    .replace(/^( +for:) .*$/gm, '$1 0s')
    .replaceAll('[15m]', '[240s]')
    .replace(/\[\d+[mh]\]/g, '[10s]');
}

let startedMs = 0;

before(async () => {
  if (noPrometheus !== false) return;
  startedMs = Date.now();
  const targets = Object.values(PORTS).map((port) => `127.0.0.1:${port}`);
  prometheus = await startPrometheus(sandbox.folder, targets, hastyRules());
  watching = watch();
});

after(async () => {
  isOver = true;
  await watching;
  for (const node of nodes) await node.kill();
  for (const server of servers) await server[Symbol.asyncDispose]();
  await prometheus?.stop();
  if (smallDisk !== undefined) spawnSync('/bin/umount', [smallDisk]);
  sandbox[Symbol.dispose]();
});

async function watch(): Promise<void> {
  while (!isOver) {
    for (const alert of await prometheus.firing().catch(() => [])) {
      seen.set(`${alert.name} ${alert.instance}`, alert);
    }
    await pause(200);
  }
}

const hasFired = (scenario: Scenario, name: string): boolean =>
  seen.has(`${name} 127.0.0.1:${PORTS[scenario]}`);

async function fires(scenario: Scenario, ...names: string[]): Promise<void> {
  for (const started = Date.now(); ; await pause(100)) {
    const missing = names.filter((name) => !hasFired(scenario, name));
    if (missing.length === 0) return;
    assert.ok(Date.now() - started < WAIT_MS, `${missing.join()} fires within ${WAIT_MS} ms`);
  }
}

/**
 * One trouble is told once, by its true name: the one alert goes while the other stays. Without
 * `for` it may show up for the moment between the first refusal and the next look of the node.
 */
async function restsBeside(scenario: Scenario, other: string, name: string): Promise<void> {
  const instance = `127.0.0.1:${PORTS[scenario]}`;
  for (const started = Date.now(); ; await pause(200)) {
    const firing = (await prometheus.firing()).filter((alert) => alert.instance === instance);
    const names = firing.map((alert) => alert.name);
    if (names.includes(name) && !names.includes(other)) return;
    assert.ok(Date.now() - started < WAIT_MS, `${name} without ${other}`);
  }
}

async function start(
  scenario: Scenario,
  args: readonly string[],
  dataDir?: string,
): Promise<TestNode> {
  const port = ['--port', String(PORTS[scenario])];
  const node = await startTestNode(sandbox, [...args, ...port], dataDir);
  nodes.add(node);
  return node;
}

const set = (...settings: string[]): string[] => settings.flatMap((one) => ['--set', one]);

/** Puts load on a node until the work is done, again where it gives up: some want it to fail. */
async function underLoad(
  { url }: TestNode,
  args: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const all = [
    'load',
    '--url',
    url,
    '--profile',
    'append',
    '--seconds',
    String(WAIT_MS / 1_000),
    ...args,
  ];
  let child: ChildProcess | undefined;
  let isDone = false;
  let words = '';
  const loading = (async () => {
    while (!isDone) {
      child = sandbox.spawn(all, { input: '' });
      words = (await ended(child)).err;
    }
  })();
  try {
    await work();
  } catch (error) {
    throw new Error(`under a load that said: ${words}`, { cause: error });
  } finally {
    isDone = true;
    child?.kill('SIGKILL');
    await loading;
  }
}

/** Tries to write, again and again, until the work is done; that nothing is taken is expected. */
async function whileWriting({ url }: TestNode, work: () => Promise<void>): Promise<void> {
  let isDone = false;
  const writing = (async () => {
    const args = ['append', '--namespace', 'refused', '--url', url, '-'];
    while (!isDone) await sandbox.run(args, { input: 'a record\n' });
  })();
  try {
    await work();
  } finally {
    isDone = true;
    await writing;
  }
}

/** Waits until a node has taken so many blocks. */
async function accepts({ url }: TestNode, blocks: number): Promise<void> {
  for (const started = Date.now(); ; await pause(50)) {
    const text = await (await fetch(`${url}/metrics`)).text();
    if (Number(/^basalt_blocks_accepted_total (\d+)$/m.exec(text)?.[1]) >= blocks) return;
    assert.ok(Date.now() - started < WAIT_MS, 'blocks are taken');
  }
}

/** A request whose body takes so long. */
async function uploadSlowly(node: TestNode, milliseconds: number): Promise<void> {
  const fields = { 'content-type': 'application/octet-stream', 'content-length': '20' };
  const upload = request(`${node.url}/blocks`, { method: 'POST', headers: fields, agent: false });
  upload.on('error', () => undefined);
  upload.write(new Uint8Array(10));
  await pause(milliseconds);
  upload.end(new Uint8Array(10));
  const [response] = (await once(upload, 'response')) as [IncomingMessage];
  response.resume();
}

async function listen(server: Server, port?: number): Promise<string> {
  const listening = await listenOnLoopback(server, port);
  servers.add(listening);
  return listening.url;
}

suite('real nodes in trouble', { skip: noPrometheus, concurrency: true }, () => {
  test('a full disk', { skip: smallDisk === undefined && 'cannot mount here' }, async () => {
    const folder = smallDisk ?? '';
    // Seldom, so that blocks are there that no checkpoint covers, whenever the disk gets full.
    const node = await start('disk', set('checkpointIntervalMs=2000'), join(folder, 'data'));
    await fires('disk', 'BasaltDiskAlmostFull', 'BasaltDiskLow', 'BasaltNotReady');
    await underLoad(node, ['--rate', '100'], async () => {
      await accepts(node, 30);
      assert.throws(() => writeFileSync(join(folder, 'rest'), new Uint8Array(80 * MIB)), /ENOSPC/);
      await fires('disk', 'BasaltDiskFullSoon', 'BasaltWritesRefused', 'BasaltRequestErrors');
      await fires('disk', 'BasaltCheckpointsStuck', 'BasaltCheckpointFailures');
      await restsBeside('disk', 'BasaltQueueRefuses', 'BasaltWritesRefused');
    });
  });

  test('a data folder that is gone', { skip: process.platform === 'win32' }, async () => {
    const dataDir = join(sandbox.folder, 'unmounted');
    const node = await start('gone', [], dataDir);
    await accepts(node, 0);
    renameSync(dataDir, `${dataDir} elsewhere`);
    await whileWriting(node, () =>
      fires('gone', 'BasaltDiskGone', 'BasaltWritesRefused', 'BasaltNotReady'),
    );
    assert.ok(!hasFired('gone', 'BasaltDiskAlmostFull'), 'told by its true name');
  });

  test('too many writers, seldom checkpoints, a chain that makes no block', async () => {
    const node = await start(
      'busy',
      set(
        'queueBlocksMax=4',
        'checkpointIntervalMs=9000',
        'superEpochMs=9000',
        'chain=true',
        'rpcPort=0',
        'chainBlockTimeMs=600000',
      ),
    );
    await sendTransactions(node.rpcUrl ?? '', 1);
    await underLoad(node, ['--rate', '1500', '--concurrency', '256'], () =>
      fires('busy', 'BasaltQueueLong', 'BasaltQueueRefuses', 'BasaltChainStuck'),
    );
    await fires('busy', 'BasaltFinalitySlow');
    const stall = stallUntil(node, () => hasFired('busy', 'BasaltEventLoopSlow'));
    await fires('busy', 'BasaltEventLoopSlow');
    await stall;
  });

  test('no witness answers', async () => {
    const dataDir = join(sandbox.folder, 'unwitnessed');
    const origin = await start('unwitnessed', [], dataDir);
    const witness = await startTestNode(sandbox, ['--role', 'witness', '--upstream', origin.url]);
    nodes.add(witness);
    const asked = ['policy', '--url', origin.url, '--witness', witness.url];
    writeFileSync(sandbox.path('policy.txt'), (await sandbox.ok(asked)).out);
    await origin.stop();
    const policy = ['--witness-policy', 'policy.txt', ...set('federation=true')];
    const node = await start('unwitnessed', policy, dataDir);
    await witness.kill();
    await underLoad(node, ['--rate', '5'], () => fires('unwitnessed', 'BasaltCheckpointsStuck'));
    // Again and again: between two scrapes that a busy machine misses it would not be seen.
    const isSeen = (): boolean => hasFired('unwitnessed', 'BasaltRequestsSlow');
    for (const untilMs = Date.now() + WAIT_MS; Date.now() < untilMs && !isSeen(); ) {
      await Promise.all(Array.from({ length: 4 }, () => uploadSlowly(node, 1_800)));
    }
    await fires('unwitnessed', 'BasaltRequestsSlow');
  });

  test('a copy whose upstream says nothing', async () => {
    const silent = await listen(createServer());
    const upstreams = ['--upstream', silent, '--upstream', 'http://127.0.0.1:1'];
    await start('copy', ['--role', 'relay', ...upstreams, ...set('compareIntervalMs=500')]);
    await fires('copy', 'BasaltCatchingUp', 'BasaltPeersAway');
    await restsBeside('copy', 'BasaltNotReady', 'BasaltPeersAway');
  });

  test('a peer that alters blocks', async () => {
    const settings = set('federation=true', 'hostReadings=true', 'hostReadingsIntervalMs=500');
    const origin = await startTestNode(sandbox, settings);
    nodes.add(origin);
    const liar = await listen(createServer(lieAbout(origin.url)));
    await start('deceived', [
      '--role',
      'relay',
      '--upstream',
      liar,
      ...set('compareIntervalMs=500'),
    ]);
    await fires('deceived', 'BasaltPeerLying');
  });

  test('transactions that all want one account', async () => {
    const settings = set('chain=true', 'rpcPort=0', 'chainBlockTimeMs=1000', 'chainWorkers=2');
    const node = await start('conflict', settings);
    const untilMs = Date.now() + WAIT_MS;
    while (Date.now() < untilMs && !hasFired('conflict', 'BasaltChainFallbacks')) {
      await sendTransactions(node.rpcUrl ?? '', 60);
      await pause(700);
    }
    await fires('conflict', 'BasaltChainFallbacks');
  });

  test('a node that starts again and again, and then does not', async () => {
    const dataDir = join(sandbox.folder, 'restarted');
    for (let life = 1; life <= 4; life++) {
      const bornMs = Date.now();
      const node = await start('restarted', [], dataDir);
      if (life < 4) await lives(bornMs, 6);
      else await fires('restarted', 'BasaltRestarting');
      await node.kill();
    }
    await fires('restarted', 'BasaltTargetDown');
  });
});

/** Transfers of one account to another, in one request. */
async function sendTransactions(rpcUrl: string, count: number): Promise<void> {
  const call = async (calls: readonly object[]): Promise<{ result?: unknown }[]> => {
    const body = JSON.stringify(calls.map((one, id) => ({ jsonrpc: '2.0', id, ...one })));
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(rpcUrl, { method: 'POST', headers, body });
    return (await answer.json()) as { result?: unknown }[];
  };
  const [accounts] = await call([{ method: 'eth_accounts', params: [] }]);
  assert.ok(accounts !== undefined);
  const [from, to] = accounts.result as string[];
  const transfer = { from, to, value: '0x1', gas: '0x5208' };
  const sent = Array.from({ length: count }, () => ({
    method: 'eth_sendTransaction',
    params: [transfer],
  }));
  for (const { result } of await call(sent)) assert.ok(result !== undefined);
}

/** Passes requests on to a node; of blocks that it answers with one bit is another. */
function lieAbout(url: string): (asked: IncomingMessage, answer: ServerResponse) => void {
  return (asked, answer) => {
    const headers = { ...asked.headers, 'accept-encoding': 'identity' };
    const onward = request(url + asked.url, { method: asked.method ?? 'GET', headers });
    onward.on('error', () => answer.destroy());
    onward.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 500, response.headers);
      if (!asked.url?.includes('/blocks?')) {
        response.pipe(answer);
        return;
      }
      response.on('data', (piece: Buffer) => {
        const altered = Buffer.from(piece);
        altered.writeUInt8(altered.readUInt8(altered.length >> 1) ^ 1, altered.length >> 1);
        answer.write(altered);
      });
      response.on('end', () => answer.end());
    });
    asked.pipe(onward);
  };
}

/** Half a second without the processor, a moment with it, again and again. */
async function stallUntil({ child }: TestNode, isDone: () => boolean): Promise<void> {
  for (const untilMs = Date.now() + WAIT_MS; Date.now() < untilMs && !isDone(); ) {
    child.kill('SIGSTOP');
    await pause(450);
    child.kill('SIGCONT');
    await pause(120);
  }
}

/**
 * Waits until Prometheus has seen this life for so long, and not what the one before left: and for
 * twice as long as it was old when first seen, so that the next, first seen as late, is younger.
 */
async function lives(bornMs: number, seconds: number): Promise<void> {
  let firstUptime: number | undefined;
  const asked = `basalt_process_uptime_seconds{instance="127.0.0.1:${PORTS.restarted}"}`;
  for (;;) {
    const [series] = await prometheus.query(asked);
    const uptime = Number(series?.value[1] ?? 0);
    const age = (Date.now() - bornMs) / 1_000;
    if (uptime > 0 && uptime < age + 0.5) {
      firstUptime ??= uptime;
      if (uptime > Math.max(seconds, 2 * firstUptime + 2)) return;
    }
    assert.ok(age < WAIT_MS / 1_000, 'the node is scraped');
    await pause(200);
  }
}

/** By name of the alert that it makes fire. */
type Series = Readonly<Record<string, string>>;

/** No controller of a node swings 30 times an hour, and a hand that does so is none. */
function restlessSeries(scrapes: number): Series {
  const name = 'basalt_control_reversals_total{name="made.up"}';
  return { BasaltControlReversing: `${name} ${scrapes * 5}` };
}

/** What makes the alerts of a full disk fire where no small file system can be mounted. */
function fullDiskSeries(scrapes: number): Series {
  const check = (name: string): string => `basalt_health_check_state{check="${name}"} 2`;
  return {
    BasaltDiskAlmostFull: check('disk'),
    BasaltDiskLow: '', // the same series
    BasaltDiskFullSoon: `basalt_disk_free_bytes ${1e9 - scrapes * 1e6}`,
    BasaltRequestErrors: `basalt_http_requests_total{status="500"} ${scrapes * 5}`,
    BasaltCheckpointFailures: `basalt_checkpoint_failures_total ${scrapes}`,
  };
}

suite('every alert', { skip: noPrometheus }, () => {
  test('what cannot be provoked in a node here, made up', async (t) => {
    const isProvoked = smallDisk !== undefined;
    let scrapes = 0;
    const series = (): Series => ({
      ...restlessSeries(++scrapes),
      ...(isProvoked ? {} : fullDiskSeries(scrapes)),
    });
    const names = Object.keys(series());
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(`${Object.values(series()).join('\n')}\n`);
    });
    await listen(server, PORTS.madeUp);
    t.diagnostic(`made up, not provoked in a node: ${names.join(', ')}`);
    await fires('madeUp', ...names);
  });

  test('each has fired, with words that a person can read', () => {
    const fired = new Set([...seen.values()].map(({ name }) => name));
    assert.deepEqual([...fired].sort(), alertNames().sort());
    for (const { name, summary, description } of seen.values()) {
      const words = `${summary} ${description}`;
      assert.doesNotMatch(words, /<error|<no value>|\{\{|NaN/i, `${name}: ${words}`);
      assert.ok(summary.length > 10 && description.length > 40, name);
    }
  });

  test('it has scraped for a minute, and a node has answered again and again', async () => {
    await pause(Math.max(0, startedMs + SCRAPED_MS - Date.now()));
    const most = async (counted: string): Promise<number> => {
      const [series] = await prometheus.query(`max(${counted}(up{job="basalt"}[1m]))`);
      return Number(series?.value[1]);
    };
    assert.ok((await most('count_over_time')) >= 55, 'it asks every second');
    // An answer counts when it comes within a second; a busy machine misses many.
    assert.ok((await most('sum_over_time')) >= 15, 'it is answered');
  });
});
