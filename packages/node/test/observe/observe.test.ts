import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  createControlPanel,
  createMetricsRegistry,
  LATENCY_BUCKETS_SECONDS,
} from '@basalt/telemetry';
import { readDisk } from '../../src/observe/disk-shell.ts';
import { type HealthFacts, judgeHealth } from '../../src/observe/health.ts';
import { createObserverMetrics } from '../../src/observe/observer-metrics.ts';
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
  [{ disk: { fault: 'ENOENT' } }, 'disk', 'failing', false],
  [{ disk: { fault: 'EACCES' } }, 'disk', 'failing', false],
  [{ disk: { fault: 'EIO' } }, 'disk', 'failing', false],
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

test('where the disk does not answer, the words say what to do', () => {
  const words = (fault: string): string | undefined =>
    judgeHealth({ ...WELL, disk: { fault } }).checks.find(({ name }) => name === 'disk')?.words;
  assert.match(words('ESTALE') ?? '', /is gone \(ESTALE\): mount its disk/);
  assert.match(words('EACCES') ?? '', /rights back/);
  assert.match(words('EIO') ?? '', /error \(EIO\): see the kernel/);
});

test('a disk is asked for its room; a folder that is gone is no disk without words', async () => {
  const here = await readDisk(import.meta.dirname);
  assert.ok(here !== undefined && 'freeBytes' in here && here.totalBytes >= here.freeBytes);
  assert.deepEqual(await readDisk(join(import.meta.dirname, 'no such folder')), {
    fault: 'ENOENT',
  });
});

test('a disk that is gone has no free bytes in the metrics: the last one looks like room', () => {
  const registry = createMetricsRegistry();
  const metrics = createObserverMetrics(registry, { version: '1', roles: ['origin'] });
  const panel = createControlPanel({ clock: { nowMs: () => 0 } });
  const look = (diskFreeBytes: number | undefined): string => {
    metrics.look({ health: judgeHealth(WELL), panel, peers: undefined, diskFreeBytes });
    return registry.expose();
  };
  assert.doesNotMatch(registry.expose(), /^basalt_disk_free_bytes/m, 'nor is 0 the first of them');
  assert.match(look(7), /^basalt_disk_free_bytes 7$/m);
  assert.doesNotMatch(look(undefined), /^basalt_disk_free_bytes/m);
  assert.match(look(8), /^basalt_disk_free_bytes 8$/m);
});

test('a sample tells rates and quantiles since the one before, wherever the clock is set', () => {
  const metrics = createMetricsRegistry();
  const clock = { ms: 1_000_000, nowMs: () => clock.ms };
  let elapsed = 5;
  const process = { cpuSeconds: 5, memoryBytes: 7 };
  const accepted = metrics.counter({ name: 'basalt_blocks_accepted_total', help: 'x' });
  const seconds = metrics.histogram({
    name: 'basalt_http_request_duration_seconds',
    help: 'x',
    buckets: LATENCY_BUCKETS_SECONDS,
  });
  accepted.add(100);
  const queue = new Peak();
  const sampler = new Sampler({
    metrics,
    clock,
    elapsedMs: () => elapsed,
    readProcess: () => process,
    queue,
  });
  accepted.add(30);
  seconds.observe(0.002);
  process.cpuSeconds = 6;
  for (const blocks of [2, 9, 4, 0, 1]) queue.set(blocks);
  clock.ms += 2_000;
  elapsed += 2_000;
  const sample = sampler.take();
  assert.equal(sample.blocksPerSecond, 15);
  assert.equal(sample.cpuCores, 0.5);
  assert.equal(sample.memoryBytes, 7);
  assert.ok((sample.requestP50Seconds ?? 0) > 0.001 && (sample.requestP99Seconds ?? 1) <= 0.0025);
  assert.equal(sample.finalityP50Seconds, null);
  assert.equal(sample.queueBlocks, 9, 'full for a moment is full');
  for (const setMs of [-3_600_000, 3_600_000]) {
    clock.ms += setMs;
    elapsed += 1_000;
    accepted.add(100);
    process.cpuSeconds += 0.5;
    const { atMs, blocksPerSecond, cpuCores } = sampler.take();
    assert.deepEqual([atMs, blocksPerSecond, cpuCores], [clock.ms, 100, 0.5]);
  }
  elapsed += 1_000;
  const back = sampler.take();
  assert.equal(back.blocksPerSecond, 0);
  assert.equal(back.queueBlocks, 1, 'what still waits');
  assert.equal(back.requestP50Seconds, null);
  for (let i = 0; i < 700; i++) {
    elapsed += 1_000;
    sampler.take();
  }
  assert.equal(sampler.history.length, 600);
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
