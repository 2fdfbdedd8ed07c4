import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ModeChooser } from '../../src/executor/mode-chooser.ts';
import type { ExecutionStatistics } from '../../src/executor/types.ts';

const COUNT = 100;
const GAS = 10_000_000n;

interface Costs {
  readonly sequentialMs: number;
  readonly parallelMs: number;
}

/** Runs blocks that take what `costs` say; what was chosen, with the time it all took. */
function simulate(
  chooser: ModeChooser,
  blocks: number,
  costs: Costs,
  speedupBound = 8,
): { choices: string[]; totalMs: number } {
  const choices: string[] = [];
  let totalMs = 0;
  for (let block = 0; block < blocks; block++) {
    const choice = chooser.choose({ transactions: COUNT, speedupBound });
    const isParallel = choice.mode === 'parallel';
    const durationMs = isParallel ? costs.parallelMs : costs.sequentialMs;
    choices.push(isParallel ? 'parallel' : `${choice.reason}`);
    totalMs += durationMs;
    const statistics: ExecutionStatistics = {
      mode: choice.mode,
      fallback: isParallel ? undefined : choice.reason,
      workers: 2,
      executions: COUNT,
      validations: COUNT,
      aborts: 0,
      suspensions: 0,
      misses: 0,
      hotKeys: [],
      durationMs,
    };
    chooser.record(statistics, COUNT, GAS);
  }
  return { choices, totalMs };
}

test('where threads pay, nearly all blocks use them', () => {
  const { choices } = simulate(new ModeChooser(), 500, { sequentialMs: 10, parallelMs: 6 });
  assert.equal(choices[0], 'parallel');
  const others = choices.filter((choice) => choice !== 'parallel');
  assert.ok(others.length >= 2, 'compared now and then');
  assert.ok(others.length <= 10, `${others.length} blocks one after another`);
  assert.ok(others.every((choice) => choice === 'comparison'));
});

test('where they cost more, a block is at most a twentieth slower on average', () => {
  for (const parallelMs of [11, 15, 30]) {
    const costs = { sequentialMs: 10, parallelMs };
    const chooser = new ModeChooser();
    simulate(chooser, 20, costs);
    const { totalMs } = simulate(chooser, 1_000, costs);
    assert.ok(totalMs <= 10 * 1_000 * 1.05, `${parallelMs}: ${totalMs} ms`);
  }
});

test('when conflicts go away, threads come back; when they return, they leave', () => {
  const chooser = new ModeChooser();
  simulate(chooser, 100, { sequentialMs: 10, parallelMs: 20 });
  const better = simulate(chooser, 200, { sequentialMs: 10, parallelMs: 6 });
  assert.equal(better.choices.at(-1), 'parallel');
  const worse = simulate(chooser, 200, { sequentialMs: 10, parallelMs: 20 });
  assert.equal(worse.choices.at(-1), 'conflict');
});

test('costs that are nearly the same do not make the mode swing', () => {
  const chooser = new ModeChooser();
  simulate(chooser, 100, { sequentialMs: 10, parallelMs: 10.3 });
  const { choices } = simulate(chooser, 300, { sequentialMs: 10, parallelMs: 9.6 });
  const changes = choices.filter((choice, i) => i > 0 && choice !== choices[i - 1]).length;
  assert.ok(changes <= 12, `${changes} changes`);
});

test('known dependencies and short blocks are told beforehand', () => {
  const chooser = new ModeChooser();
  const outline = { transactions: 100, speedupBound: 1.01 };
  assert.deepEqual(chooser.choose(outline), { mode: 'sequential', reason: 'conflict' });
  const short = { transactions: 2, speedupBound: 2 };
  assert.deepEqual(chooser.choose(short), { mode: 'sequential', reason: 'short-block' });
});

test('after a lost thread some blocks do without', () => {
  const chooser = new ModeChooser();
  chooser.recordLoss();
  const { choices } = simulate(chooser, 20, { sequentialMs: 10, parallelMs: 6 });
  assert.equal(choices.indexOf('parallel'), 15);
});
