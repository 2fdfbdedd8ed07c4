import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CurvePoint, createControlPanel, createMetricsRegistry } from '@basalt/telemetry';
import { addTunables } from '../../src/observe/tunables.ts';

const MIB = 1024 ** 2;

function createScene() {
  const clock = { ms: 1_000_000 };
  const metrics = createMetricsRegistry();
  const seconds = metrics.histogram({
    name: 'basalt_commit_duration_seconds',
    help: 'x',
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1],
  });
  const blocks = metrics.histogram({
    name: 'basalt_commit_blocks',
    help: 'x',
    buckets: [1, 64, 256, 1_024, 4_096],
  });
  const queue = metrics.gauge({ name: 'basalt_queue_blocks', help: 'x' });
  const applied: Record<'group' | 'bytes', number[]> = { group: [], bytes: [] };
  const shadow: { points: CurvePoint[]; pressure: number | undefined } = {
    points: [],
    pressure: 0.3,
  };
  const panel = createControlPanel({ clock: { nowMs: () => clock.ms } });
  const looks = addTunables(panel, {
    metrics,
    ledger: { setGroupBlocksMax: (value) => applied.group.push(value) },
    gateway: {
      preparedCache: {
        sizeBytes: 0,
        points: () => shadow.points,
        resize: (bytes) => applied.bytes.push(bytes),
      },
    },
    preparedBytesMax: 64 * MIB,
    memoryPressure: () => shadow.pressure,
  });
  const look = (times = 1): void => {
    for (let i = 0; i < times; i++) {
      clock.ms += 4_000;
      for (const each of looks) each();
    }
  };
  const commit = (size: number, took: number): void => {
    blocks.observe(size);
    seconds.observe(took);
  };
  return { panel, look, commit, queue, applied, shadow };
}

test('slow commits of full groups make them smaller; quick ones larger again', () => {
  const { look, commit, applied } = createScene();
  assert.deepEqual(applied.group, [4_096]);
  for (let i = 0; i < 5; i++) {
    commit(4_096, 0.4);
    look();
  }
  const small = applied.group.at(-1) ?? 0;
  assert.ok(small < 2_000 && small >= 64, String(small));
  for (let i = 0; i < 40; i++) {
    commit(small, 0.02);
    look();
  }
  assert.ok((applied.group.at(-1) ?? 0) > small);
});

test('a backlog behind full groups keeps them large, however slow the disk', () => {
  const { look, commit, queue, applied } = createScene();
  queue.set(40_000);
  for (let i = 0; i < 5; i++) {
    commit(4_096, 0.4);
    look();
  }
  assert.equal(applied.group.at(-1), 4_096);
});

test('nothing to do is no reason to change anything', () => {
  const { look, applied, panel } = createScene();
  look(50);
  assert.deepEqual(applied.group, [4_096]);
  assert.deepEqual(applied.bytes, [64 * MIB]);
  assert.ok(panel.list().every(({ changeCount }) => changeCount === 0));
});

test('a cache that hits as much with a quarter of its memory gives the rest back', () => {
  const { look, applied, shadow, panel } = createScene();
  shadow.points = [
    { size: 8 * MIB, hitRatio: 0.9 },
    { size: 32 * MIB, hitRatio: 0.901 },
    { size: 64 * MIB, hitRatio: 0.9015 },
  ];
  // Under pressure the price of memory rises.
  shadow.pressure = 0.9;
  look(20);
  assert.equal(applied.bytes.at(-1), 8 * MIB);
  const reading = panel.list().find(({ name }) => name === 'gateway.prepared-bytes')?.reading ?? '';
  assert.match(reading, /% hits with 8 MiB/);
  shadow.pressure = undefined;
  shadow.points = [];
  look(5);
  assert.equal(applied.bytes.at(-1), 8 * MIB);
});
