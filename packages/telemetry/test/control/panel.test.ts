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
  assert.equal(panel.hold('test.batch', 1_000).isHeld, true);
  tunable.sense(room);
  assert.equal(applied.at(-1), 100);
  assert.equal(panel.list()[0]?.mode, 'held');
  assert.equal(panel.release('test.batch'), true);
  assert.equal(applied.at(-1), 10);
  assert.equal(panel.list()[0]?.mode, 'automatic');
});

test('what becomes of an operator’s value is said', () => {
  const { panel, applied } = createScene();
  const notes = (value: number): readonly string[] => {
    const answer = panel.hold('test.batch', value);
    assert.ok(answer.isHeld);
    return [String(answer.value), ...answer.notes];
  };
  assert.deepEqual(notes(40), ['40']);
  assert.deepEqual(notes(40.6), ['41', '40.6 is rounded to 41.']);
  assert.deepEqual(notes(1_000), ['100', '1000 is cut to 100, the most that it may be.']);
  assert.deepEqual(notes(-3), ['1', '-3 is cut to 1, the least that it may be.']);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const refused = panel.hold('test.batch', value);
    assert.ok(!refused.isHeld && /finite/.test(refused.reason));
  }
  const unknown = panel.hold('other', 5);
  assert.ok(!unknown.isHeld && unknown.reason.includes('no tunable is named other'));
  assert.equal(applied.at(-1), 1, 'what is refused changes nothing');
});

test('held while control is off: said, shown, and in force when it is on again', () => {
  const { panel, applied } = createScene();
  panel.setOn(false);
  const answer = panel.hold('test.batch', 30);
  assert.ok(answer.isHeld);
  assert.match(answer.notes.join(), /off: 30 is kept for when it is on again; .* stays 10\.$/);
  assert.deepEqual([panel.list()[0]?.mode, panel.list()[0]?.heldAt], ['off', 30]);
  assert.equal(applied.at(-1), 10);
  panel.setOn(true);
  assert.deepEqual([panel.list()[0]?.mode, panel.list()[0]?.value], ['held', 30]);
  panel.release('test.batch');
  assert.equal(panel.list()[0]?.heldAt, undefined);
});

test('a yes or no takes 1 and 0 and nothing else', () => {
  const panel = createControlPanel({ clock: { nowMs: () => 0 } });
  const controller = createAimd({ bounds: { min: 0, max: 1 }, initial: 1, target: 1, step: 1 });
  const rest = { help: 'x', unit: '', rule: 'AIMD', controller, apply: () => {} };
  panel.add<AimdInput>({ ...rest, name: 'test.switch', isSwitch: true });
  for (const value of [0.5, 2, -1]) assert.equal(panel.hold('test.switch', value).isHeld, false);
  assert.deepEqual(panel.hold('test.switch', 0), { isHeld: true, value: 0, notes: [] });
});

test('reversals are the controller’s: a hand that goes to and fro is none', () => {
  const { panel, tunable, clock } = createScene();
  const reversals = (): number | undefined => panel.list()[0]?.reversalCount;
  tunable.sense(room);
  for (let i = 0; i < 10; i++) {
    panel.hold('test.batch', i % 2 === 0 ? 1 : 100);
    panel.release('test.batch');
    panel.setOn(false);
    panel.setOn(true);
  }
  assert.ok((panel.list()[0]?.changeCount ?? 0) > 30);
  assert.equal(reversals(), 0);
  clock.ms += 2_000;
  tunable.sense(slow);
  assert.equal(reversals(), 1, 'up before, down now');
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
