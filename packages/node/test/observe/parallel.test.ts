import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModePolicy, ModeState } from '@basalt/execution';
import { createControlPanel } from '@basalt/telemetry';
import { parallel } from '../../src/observe/tunables/parallel.ts';

function createScene(workers: number, isOn = true) {
  const policies: ModePolicy[] = [];
  const scene: { state: ModeState } = {
    state: { mode: 'parallel', gain: undefined, runsPerTransaction: undefined, pauseBlocks: 0 },
  };
  const panel = createControlPanel({ clock: { nowMs: () => 1_000 }, isOn });
  const look = parallel(panel, {
    workers,
    modeState: () => scene.state,
    setModePolicy: (policy) => policies.push(policy),
  });
  const shown = () => {
    const [tunable] = panel.list();
    assert.ok(tunable !== undefined);
    return tunable;
  };
  return { panel, look, scene, policies, shown };
}

test('what the executor chose is shown with its reason', () => {
  const { look, scene, shown, policies } = createScene(2);
  look();
  assert.equal(shown().value, 1);
  assert.match(shown().reading, /long enough/u);
  scene.state = { mode: 'sequential', gain: 0.8, runsPerTransaction: 1.9, pauseBlocks: 16 };
  look();
  assert.equal(shown().value, 0);
  assert.match(shown().changes.at(-1)?.reason ?? '', /0\.80 times as quick, 1\.90 runs/u);
  // Showing does not decide.
  assert.deepEqual(policies, ['adaptive']);
});

test('a value by hand forces the mode, also the one that is there already', () => {
  const { panel, policies, shown } = createScene(2);
  panel.hold('execution.parallel', 1);
  assert.equal(policies.at(-1), 'parallel');
  panel.hold('execution.parallel', 0);
  assert.equal(policies.at(-1), 'sequential');
  assert.equal(shown().mode, 'held');
  panel.release('execution.parallel');
  assert.equal(policies.at(-1), 'adaptive');
  // Without control the executor goes on to choose by itself, as it does without a panel.
  panel.setOn(false);
  assert.equal(policies.at(-1), 'adaptive');
});

test('one worker has nothing to choose, whatever is held', () => {
  const { panel, look, shown, policies } = createScene(1);
  look();
  assert.equal(shown().value, 0);
  panel.hold('execution.parallel', 1);
  assert.equal(shown().value, 0);
  assert.equal(policies.at(-1), 'sequential');
});
