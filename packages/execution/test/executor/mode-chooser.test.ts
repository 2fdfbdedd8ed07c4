import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ModeChooser } from '../../src/executor/mode-chooser.ts';

const COUNT = 100;

interface Costs {
  readonly sequentialMs: number;
  readonly parallelMs: number;
  /** Attempts a transaction. */
  readonly attempts?: number;
}

/** Runs blocks that take what `costs` say; what was chosen, and the time it all took. */
function simulate(
  chooser: ModeChooser,
  blocks: number,
  costs: (block: number) => Costs,
): { choices: string[]; totalMs: number; sequentialMs: number } {
  const choices: string[] = [];
  let [totalMs, allSequentialMs] = [0, 0];
  for (let block = 0; block < blocks; block++) {
    const { sequentialMs, parallelMs, attempts = 1 } = costs(block);
    const choice = chooser.choose({ transactions: COUNT, speedupBound: 8 });
    allSequentialMs += sequentialMs;
    if (choice.mode === 'parallel') {
      totalMs += parallelMs;
      // Workers need somewhat longer for the same work, and do it again when it was in vain.
      const busyMs = sequentialMs * 1.15 * attempts;
      const executions = COUNT * attempts;
      const statistics = { durationMs: parallelMs, executions, misses: 0 };
      chooser.recordParallel({ statistics, transactions: COUNT, busyMs, afterMs: 0 });
    } else {
      totalMs += sequentialMs;
      chooser.recordInOrder(COUNT, sequentialMs);
    }
    choices.push(choice.mode === 'parallel' ? 'parallel' : `${choice.reason}`);
  }
  return { choices, totalMs, sequentialMs: allSequentialMs };
}

test('where threads pay, blocks use them, however much blocks differ', () => {
  const { choices } = simulate(new ModeChooser(), 500, (block) => {
    const sequentialMs = 1 + ((block * 7_919) % 100);
    return { sequentialMs, parallelMs: sequentialMs * 0.6 };
  });
  assert.deepEqual(new Set(choices), new Set(['parallel']));
});

test('where they cost more, blocks are at most a twentieth slower on average', () => {
  for (const parallelMs of [11, 15, 30]) {
    const costs = (): Costs => ({ sequentialMs: 10, parallelMs, attempts: 2 });
    const { totalMs, sequentialMs } = simulate(new ModeChooser(), 1_000, costs);
    assert.ok(totalMs <= sequentialMs * 1.05, `${parallelMs}: ${totalMs} ms`);
  }
});

test('when conflicts go away, threads come back; when they return, they leave', () => {
  const chooser = new ModeChooser();
  const bad = (): Costs => ({ sequentialMs: 10, parallelMs: 20, attempts: 3 });
  const good = (): Costs => ({ sequentialMs: 10, parallelMs: 6 });
  simulate(chooser, 100, bad);
  assert.equal(simulate(chooser, 300, good).choices.at(-1), 'parallel');
  assert.equal(simulate(chooser, 100, bad).choices.at(-1), 'conflict');
});

test('a gain that is next to nothing does not make the mode swing', () => {
  const chooser = new ModeChooser();
  simulate(chooser, 50, () => ({ sequentialMs: 10, parallelMs: 12 }));
  const { choices } = simulate(chooser, 300, (block) => ({
    sequentialMs: 10,
    parallelMs: block % 2 === 0 ? 9.5 : 10.2,
  }));
  const changes = choices.filter((choice, i) => i > 0 && choice !== choices[i - 1]).length;
  assert.ok(changes <= 12, `${changes} changes`);
});

test('known dependencies and short blocks are told beforehand', () => {
  const chooser = new ModeChooser();
  const outline = { transactions: 100, speedupBound: 1.01 };
  assert.deepEqual(chooser.choose(outline), { mode: 'sequential', reason: 'conflict' });
  const short = { transactions: 2, speedupBound: 2 };
  assert.deepEqual(chooser.choose(short), { mode: 'sequential', reason: 'short-block' });
  chooser.recordInOrder(1_000, 1);
  const light = { transactions: 100, speedupBound: 8 };
  assert.deepEqual(chooser.choose(light), { mode: 'sequential', reason: 'short-block' });
});

test('after a lost thread some blocks do without', () => {
  const chooser = new ModeChooser();
  chooser.recordLoss();
  const { choices } = simulate(chooser, 20, () => ({ sequentialMs: 10, parallelMs: 6 }));
  assert.equal(choices.indexOf('parallel'), 15);
});

test('an operator goes before what was measured, and what was measured is told', () => {
  const chooser = new ModeChooser();
  assert.equal(chooser.state().gain, undefined);
  const good = (): Costs => ({ sequentialMs: 10, parallelMs: 5 });
  simulate(chooser, 10, good);
  assert.equal(chooser.state().mode, 'parallel');
  assert.ok((chooser.state().gain ?? 0) > 1.5);
  chooser.policy = 'sequential';
  assert.deepEqual(new Set(simulate(chooser, 50, good).choices), new Set(['by-hand']));
  chooser.policy = 'parallel';
  const bad = (): Costs => ({ sequentialMs: 10, parallelMs: 20, attempts: 3 });
  assert.deepEqual(new Set(simulate(chooser, 50, bad).choices), new Set(['parallel']));
  assert.ok((chooser.state().runsPerTransaction ?? 0) > 2.9);
  // Back to itself, it leaves what does not pay.
  chooser.policy = 'adaptive';
  assert.equal(simulate(chooser, 10, bad).choices.at(-1), 'conflict');
  assert.ok(chooser.state().pauseBlocks > 0);
});
