import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAimd } from '../../src/control/aimd.ts';
import { type ControlPanel, createControlPanel, type Tunable } from '../../src/control/panel.ts';
import type { AimdInput } from '../../src/index.ts';

interface Scene {
  readonly panel: ControlPanel;
  readonly tunable: Tunable<AimdInput>;
  readonly applied: number[];
  readonly told: string[];
  readonly clock: { ms: number };
}

function createScene(isOn = true): Scene {
  const clock = { ms: 1_000 };
  const told: string[] = [];
  const applied: number[] = [];
  const panel = createControlPanel({
    clock: { nowMs: () => clock.ms },
    isOn,
    onChange: (name, { from, to }) => told.push(`${name} ${from} ${to}`),
  });
  const tunable = panel.add<AimdInput>({
    name: 'test.batch',
    help: 'Items of a batch.',
    unit: 'items',
    rule: 'AIMD',
    controller: createAimd({ bounds: { min: 1, max: 100 }, initial: 10, target: 1, step: 5 }),
    apply: (value) => applied.push(value),
  });
  return { panel, tunable, applied, told, clock };
}

const room = { reading: 0.1, usedPart: 1, backlog: 0 };
const slow = { reading: 50, usedPart: 1, backlog: 0 };

test('a value is put to work at once, and each change is told with its reason', () => {
  const { panel, tunable, applied, told, clock } = createScene();
  assert.deepEqual(applied, [10]);
  tunable.sense(room);
  clock.ms += 2_000;
  tunable.sense(slow);
  assert.deepEqual(applied, [10, 15, 11]);
  assert.deepEqual(told, ['test.batch 10 15', 'test.batch 15 11']);
  const [state] = panel.list();
  assert.equal(state?.changeCount, 2);
  assert.equal(state?.reversalCount, 1);
  assert.deepEqual(
    state?.changes.map(({ atMs, from, to }) => [atMs, from, to]),
    [
      [1_000, 10, 15],
      [3_000, 15, 11],
    ],
  );
  assert.match(state?.changes[0]?.reason ?? '', /room/);
});

test('held by hand: within the bounds, deaf to the sensor, until it is released', () => {
  const { panel, tunable, applied } = createScene();
  assert.equal(panel.hold('test.batch', 1_000), true);
  assert.equal(panel.hold('test.batch', Number.NaN), false);
  assert.equal(panel.hold('other', 5), false);
  tunable.sense(room);
  assert.equal(applied.at(-1), 100);
  assert.equal(panel.list()[0]?.mode, 'held');
  assert.equal(panel.release('test.batch'), true);
  assert.equal(applied.at(-1), 10);
  assert.equal(panel.list()[0]?.mode, 'automatic');
});

test('the kill switch puts the initial values back, at once and from the start', () => {
  const { panel, tunable, applied } = createScene();
  tunable.sense(room);
  panel.setOn(false);
  assert.equal(applied.at(-1), 10);
  tunable.sense(room);
  assert.equal(applied.at(-1), 10);
  assert.equal(panel.list()[0]?.mode, 'off');
  panel.setOn(true);
  assert.equal(applied.at(-1), 15);
  const off = createScene(false);
  off.tunable.sense(room);
  assert.deepEqual(off.applied, [10]);
});

test('what is remembered is bounded, and a name is taken once', () => {
  const { panel, tunable, clock } = createScene();
  for (let i = 0; i < 500; i++) {
    clock.ms += 2_000;
    tunable.sense(i % 40 < 20 ? room : slow);
  }
  const [state] = panel.list();
  assert.ok((state?.changes.length ?? 0) <= 64);
  assert.ok((state?.changeCount ?? 0) > 64);
  const controller = createAimd({ bounds: { min: 1, max: 2 }, initial: 1, target: 1, step: 1 });
  const other = { help: 'x', unit: '', rule: 'AIMD', controller, apply: () => {} };
  assert.throws(() => panel.add({ ...other, name: 'test.batch' }), TypeError);
});
