/** What a node says of itself is what Prometheus says of it: by name, severity, wait and words. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { createMetricsRegistry, type Health } from '@basalt/telemetry';
import { ALERT_RULES } from '../../src/observe/alert-rules.ts';
import { type Alert, Alerts } from '../../src/observe/alerts.ts';
import { type HealthFacts, judgeHealth } from '../../src/observe/health.ts';

const REPOSITORY = resolve(import.meta.dirname, '..', '..', '..', '..');
const rules = readFileSync(join(REPOSITORY, 'ops', 'prometheus', 'basalt.rules.yml'), 'utf8');

/** Nobody can tell of himself that he is gone; the others need hours of history. */
const NOT_OF_ITSELF = ['BasaltTargetDown', 'BasaltRestarting', 'BasaltDiskFullSoon'];

const GIB = 1024 ** 3;
const STEP_MS = 10_000;
const MINUTE_MS = 60_000;

const WELL: HealthFacts = {
  isStopping: false,
  readOnlyReason: undefined,
  checkpointProblem: undefined,
  disk: { freeBytes: 50 * GIB, totalBytes: 100 * GIB },
  eventLoopSeconds: 0.01,
  queueBlocks: 3,
  queueBlocksMax: 1_000,
  catchUp: undefined,
};

function createScene() {
  const metrics = createMetricsRegistry();
  const counter = (name: string, ...labels: string[]) =>
    metrics.counter({ name: `basalt_${name}_total`, help: 'x', labels });
  const gauge = (name: string, ...labels: string[]) =>
    metrics.gauge({ name: `basalt_${name}`, help: 'x', labels });
  const seconds = (name: string, ...labels: string[]) =>
    metrics.histogram({ name: `basalt_${name}`, help: 'x', labels, buckets: [0.5, 1, 5, 10] });
  const alerts = new Alerts(metrics);
  const clock = { ms: 1_800_000_000_000 };
  let elapsedMs = 77;
  const scene = {
    clock,
    facts: {} as Partial<HealthFacts>,
    reversals: 0,
    requests: counter('http_requests', 'method', 'route', 'status'),
    durations: seconds('http_request_duration_seconds', 'route'),
    finality: seconds('block_finality_duration_seconds'),
    failures: counter('checkpoint_failures'),
    peers: gauge('peers_known', 'state'),
    pending: gauge('pool_pending'),
    head: gauge('chain_head'),
    fallbacks: counter('execution_fallbacks', 'reason'),
    executed: seconds('execution_block_duration_seconds'),
    health: (): Health => judgeHealth({ ...WELL, ...scene.facts }),
    /** A step of time, and what the node says then. */
    look(): Alert[] {
      const disk = { ...WELL, ...scene.facts }.disk;
      const diskFreeBytes = disk !== undefined && 'freeBytes' in disk ? disk.freeBytes : undefined;
      const tunables = [{ name: 'test.batch', reversalCount: scene.reversals }];
      const told = alerts.look(
        { health: scene.health(), diskFreeBytes, tunables, elapsedMs },
        clock.ms,
      );
      elapsedMs += STEP_MS;
      clock.ms += STEP_MS;
      return told;
    },
    /** Answers so many requests, a part of them with this status. */
    answer(count: number, errors: number, status = '500'): void {
      const labels = { method: 'POST', route: '/blocks' };
      scene.requests.add(count - errors, { ...labels, status: '200' });
      scene.requests.add(errors, { ...labels, status });
    },
  };
  return scene;
}

type Scene = ReturnType<typeof createScene>;

/** What makes each rule true, done at each step. */
const CAUSES: Readonly<Record<string, (scene: Scene) => void>> = {
  BasaltNotReady: (scene) => (scene.facts = { isStopping: true }),
  BasaltEventLoopSlow: (scene) => (scene.facts = { eventLoopSeconds: 0.5 }),
  BasaltDiskGone: (scene) => (scene.facts = { disk: { fault: 'ENOENT' } }),
  BasaltDiskAlmostFull: (scene) => (scene.facts = { disk: { freeBytes: 1e8, totalBytes: 1e11 } }),
  BasaltDiskLow: (scene) => (scene.facts = { disk: { freeBytes: 1e9, totalBytes: 1e11 } }),
  BasaltWritesRefused: (scene) => (scene.facts = { readOnlyReason: 'disk full' }),
  BasaltCheckpointsStuck: (scene) => (scene.facts = { checkpointProblem: 'no witness' }),
  BasaltCheckpointFailures: (scene) => scene.failures.add(4),
  BasaltFinalitySlow: (scene) => scene.finality.observe(7),
  BasaltQueueLong: (scene) => (scene.facts = { queueBlocks: 900 }),
  BasaltQueueRefuses: (scene) => scene.answer(1_000, 1, '503'),
  BasaltRequestErrors: (scene) => scene.answer(20, 2),
  BasaltRequestsSlow: (scene) => scene.durations.observe(3, { route: '/blocks' }),
  BasaltPeerLying: (scene) => scene.peers.set(1, { state: 'lying' }),
  BasaltPeersAway(scene) {
    scene.peers.set(2, { state: 'away' });
    scene.peers.set(1, { state: 'good' });
  },
  BasaltCatchingUp: (scene) => (scene.facts = { catchUp: '4 logs are fetched' }),
  BasaltControlReversing: (scene) => (scene.reversals += 31),
  BasaltChainStuck: (scene) => scene.pending.set(3),
  BasaltChainFallbacks(scene) {
    scene.executed.observe(0.1);
    scene.fallbacks.add(1, { reason: 'conflict' });
  },
};

function ruleOf(name: string): { severity: string; forMs: number; words: RegExp } {
  const [, rest = ''] = rules.split(`- alert: ${name}\n`);
  const rule = rest.split(/\n {6}- alert:|\n {2}- name:/)[0] ?? '';
  const [, count, unit] = /\n {8}for: (\d+)([smh])\n/.exec(rule) ?? [];
  const unitMs = { s: 1_000, m: MINUTE_MS, h: 60 * MINUTE_MS }[unit ?? ''] ?? Number.NaN;
  const description = (/description: >-\n((?: {12}.+\n)+)/.exec(rule)?.[1] ?? '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace('At {{ $labels.instance }}. ', '')
    .split(/\{\{.*?\}\}/)
    .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.+');
  const severity = /severity: (\w+)/.exec(rule)?.[1] ?? '';
  return { severity, forMs: Number(count) * unitMs, words: new RegExp(`${description}$`) };
}

test('a node knows every rule of Prometheus but those that nobody can know of himself', () => {
  const all = [...rules.matchAll(/- alert: (\S+)/g)].map(([, name]) => name ?? '');
  const own = ALERT_RULES.map(({ name }) => name);
  assert.deepEqual(
    own,
    all.filter((name) => !NOT_OF_ITSELF.includes(name)),
  );
  assert.equal(own.length + NOT_OF_ITSELF.length, all.length);
  assert.deepEqual(Object.keys(CAUSES), own);
});

for (const { name, severity, forMs } of ALERT_RULES) {
  test(`${name} waits as the rule of Prometheus does, and says the same`, () => {
    const rule = ruleOf(name);
    assert.deepEqual([severity, forMs], [rule.severity, rule.forMs]);
    const scene = createScene();
    for (let i = 0; i < 3; i++) assert.deepEqual(scene.look(), [], 'all is well');
    const sinceMs = scene.clock.ms;
    const told = (): Alert | undefined => {
      CAUSES[name]?.(scene);
      return scene.look().find((alert) => alert.name === name);
    };
    let alert = told();
    assert.ok(alert !== undefined);
    assert.equal(alert.sinceMs, sinceMs);
    for (let waitedMs = 0; waitedMs < forMs; waitedMs += STEP_MS) {
      assert.equal(alert?.state, 'pending', `after ${waitedMs} ms`);
      alert = told();
    }
    assert.equal(alert?.state, 'firing');
    assert.equal(alert?.severity, rule.severity);
    // A check has words of its own, with its numbers.
    const { checks } = scene.health();
    const ofCheck = checks.some(({ state, words }) => state !== 'good' && words === alert?.words);
    if (!ofCheck) assert.match(alert?.words ?? '', rule.words);
  });
}

/** What looks much like a cause. */
const NO_CAUSES: Readonly<Record<string, (scene: Scene) => void>> = {
  'a first copy is no node that is not ready, for hours': (scene) =>
    (scene.facts = { catchUp: '4 logs are fetched' }),
  'one request in forty fails': (scene) => scene.answer(40, 1),
  'probes are answered with 503': (scene) =>
    scene.requests.add(10, { method: 'GET', route: '/readyz', status: '503' }),
  'half of the peers are away': (scene) => {
    scene.peers.set(2, { state: 'away' });
    scene.peers.set(2, { state: 'good' });
  },
  'transactions wait and blocks come': (scene) => {
    scene.pending.set(3);
    scene.head.add(1);
  },
  'short blocks run one transaction at a time': (scene) => {
    scene.executed.observe(0.1);
    scene.fallbacks.add(1, { reason: 'short-block' });
  },
  'streams of events last': (scene) => scene.durations.observe(9, { route: '/status/events' }),
  'a controller turns round every five minutes': (scene) => (scene.reversals += 1 / 30),
};

for (const [what, happens] of Object.entries(NO_CAUSES)) {
  test(`no page, and no ticket but its own: ${what}`, () => {
    const scene = createScene();
    for (let i = 0; i < (90 * MINUTE_MS) / STEP_MS; i++) {
      happens(scene);
      const firing = scene.look().filter(({ state }) => state === 'firing');
      assert.deepEqual(
        firing.filter(({ name }) => name !== 'BasaltCatchingUp'),
        [],
      );
    }
  });
}

test('a wait goes by elapsed time, wherever the clock is set meanwhile', () => {
  for (const setMs of [-3_600_000, 3_600_000]) {
    const scene = createScene();
    scene.facts = { checkpointProblem: 'no witness' };
    const state = (): string | undefined =>
      scene.look().find(({ name }) => name === 'BasaltCheckpointsStuck')?.state;
    assert.equal(state(), 'pending');
    scene.clock.ms += setMs;
    for (let i = 1; i < 6; i++) assert.equal(state(), 'pending');
    assert.equal(state(), 'firing');
    const [alert] = scene.look();
    assert.equal(alert?.sinceMs, scene.clock.ms - 8 * STEP_MS, 'by the clock as it is now');
  }
});

test('an alert ends with its cause, and begins anew', () => {
  const scene = createScene();
  const slow = { eventLoopSeconds: 0.5 };
  scene.facts = slow;
  for (let i = 0; i < 6; i++) assert.equal(scene.look()[0]?.state, 'pending');
  assert.equal(scene.look()[0]?.state, 'firing');
  scene.facts = {};
  assert.deepEqual(scene.look(), []);
  scene.facts = slow;
  assert.equal(scene.look()[0]?.state, 'pending');
});

test('what was long ago does not count for ever', () => {
  const scene = createScene();
  scene.look();
  scene.failures.add(9);
  scene.answer(100, 50);
  const names = (): string[] => scene.look().map(({ name }) => name);
  assert.deepEqual(names(), ['BasaltCheckpointFailures', 'BasaltRequestErrors']);
  for (let ms = 0; ms < 11 * MINUTE_MS; ms += STEP_MS) scene.look();
  assert.deepEqual(names(), []);
});
