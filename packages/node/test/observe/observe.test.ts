import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createMetricsRegistry,
  LATENCY_BUCKETS_SECONDS,
  type StatusSample,
} from '@basalt/telemetry';
import { Alerts } from '../../src/observe/alert-rules.ts';
import { type HealthFacts, judgeHealth } from '../../src/observe/health.ts';
import { Peak } from '../../src/observe/peak.ts';
import { Sampler } from '../../src/observe/sampler.ts';
import { Watchers } from '../../src/observe/watchers.ts';

const WELL: HealthFacts = {
  isStopping: false,
  readOnlyReason: undefined,
  checkpointProblem: undefined,
  disk: { freeBytes: 50 * 1024 ** 3, totalBytes: 100 * 1024 ** 3 },
  eventLoopSeconds: 0.01,
  queueBlocks: 3,
  queueBlocksMax: 1_000,
  catchUp: undefined,
};

const CASES: readonly (readonly [Partial<HealthFacts>, string, string, boolean])[] = [
  [{}, 'process', 'good', true],
  [{ isStopping: true }, 'process', 'failing', false],
  [{ readOnlyReason: 'disk full' }, 'writes', 'failing', false],
  [{ checkpointProblem: '2 of 3 witnesses are away' }, 'checkpoints', 'failing', false],
  [{ disk: { freeBytes: 1e9, totalBytes: 1e11 } }, 'disk', 'degraded', true],
  [{ disk: { freeBytes: 1e8, totalBytes: 1e11 } }, 'disk', 'failing', false],
  [{ disk: undefined }, 'disk', 'good', true],
  [{ eventLoopSeconds: 0.5 }, 'event-loop', 'degraded', true],
  [{ eventLoopSeconds: 3 }, 'event-loop', 'failing', false],
  [{ queueBlocks: 900 }, 'queue', 'degraded', true],
  [{ catchUp: '4 logs are fetched' }, 'catch-up', 'failing', false],
];

for (const [facts, name, state, isReady] of CASES) {
  test(`health: ${JSON.stringify(facts)} makes ${name} ${state}`, () => {
    const health = judgeHealth({ ...WELL, ...facts });
    const check = health.checks.find((each) => each.name === name);
    assert.equal(check?.state, state);
    assert.equal(health.isReady, isReady);
    assert.match(check?.words ?? '', /^[A-Z0-9].*\.$/);
    // One fault is told once.
    assert.ok(health.checks.filter((each) => each.state !== 'good').length <= 1);
  });
}

test('a sample tells rates and quantiles since the one before, and a clock may go back', () => {
  const metrics = createMetricsRegistry();
  const clock = { ms: 1_000_000, nowMs: () => clock.ms };
  const process = { cpuSeconds: 5, memoryBytes: 7 };
  const accepted = metrics.counter({ name: 'basalt_blocks_accepted_total', help: 'x' });
  const seconds = metrics.histogram({
    name: 'basalt_http_request_duration_seconds',
    help: 'x',
    buckets: LATENCY_BUCKETS_SECONDS,
  });
  accepted.add(100);
  const queue = new Peak();
  const sampler = new Sampler({ metrics, clock, readProcess: () => process, queue });
  accepted.add(30);
  seconds.observe(0.002);
  process.cpuSeconds = 6;
  for (const blocks of [2, 9, 4, 0, 1]) queue.set(blocks);
  clock.ms += 2_000;
  const sample = sampler.take();
  assert.equal(sample.blocksPerSecond, 15);
  assert.equal(sample.cpuCores, 0.5);
  assert.equal(sample.memoryBytes, 7);
  assert.ok((sample.requestP50Seconds ?? 0) > 0.001 && (sample.requestP99Seconds ?? 1) <= 0.0025);
  assert.equal(sample.finalityP50Seconds, null);
  assert.equal(sample.queueBlocks, 9, 'full for a moment is full');
  clock.ms -= 60_000;
  const back = sampler.take();
  assert.equal(back.blocksPerSecond, 0);
  assert.equal(back.queueBlocks, 1, 'what still waits');
  assert.equal(back.requestP50Seconds, null);
  for (let i = 0; i < 700; i++) {
    clock.ms += 1_000;
    sampler.take();
  }
  assert.equal(sampler.history.length, 600);
});

test('an alert is pending, then fires, and ends with its cause', () => {
  const alerts = new Alerts();
  const at = (atMs: number): StatusSample => ({ ...SAMPLE, atMs });
  const slow = judgeHealth({ ...WELL, eventLoopSeconds: 0.5 });
  assert.deepEqual(alerts.look(at(0), judgeHealth(WELL)), []);
  assert.equal(alerts.look(at(1_000), slow)[0]?.state, 'pending');
  const [firing] = alerts.look(at(61_000), slow);
  assert.equal(firing?.state, 'firing');
  assert.equal(firing.sinceMs, 1_000);
  assert.deepEqual(alerts.look(at(62_000), judgeHealth(WELL)), []);
  assert.equal(alerts.look(at(63_000), slow)[0]?.sinceMs, 63_000);
  const full = judgeHealth({ ...WELL, readOnlyReason: 'disk full' });
  const [page] = alerts.look(at(64_000), full);
  assert.deepEqual([page?.name, page?.state], ['BasaltWritesRefused', 'firing']);
});

test('a watcher gets what comes, loses the oldest when slow, ends with its signal', async () => {
  const watchers = new Watchers();
  const abort = new AbortController();
  const events = watchers.watch(abort.signal);
  const first = events.next();
  const change = {
    kind: 'change',
    value: { name: 'x', atMs: 0, from: 0, to: 1, reason: '' },
  } as const;
  watchers.tell(change);
  assert.equal((await first).value, change);
  for (let to = 0; to < 100; to++) {
    watchers.tell({ ...change, value: { ...change.value, to } });
  }
  const next = (await events.next()).value;
  assert.ok(next?.kind === 'change' && next.value.to === 68);
  abort.abort();
  for await (const _event of events) break;
  assert.equal(watchers.count, 0);
});

const SAMPLE: StatusSample = {
  atMs: 0,
  blocksPerSecond: 0,
  requestsPerSecond: 0,
  transactionsPerSecond: 0,
  finalityP50Seconds: null,
  finalityP99Seconds: null,
  requestP50Seconds: null,
  requestP99Seconds: null,
  eventLoopDelaySeconds: 0,
  cpuCores: 0,
  memoryBytes: 0,
  queueBlocks: 0,
};
