import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { schedulerBytes } from '../../src/parallel/scheduler.ts';
import { EAGER_VALIDATION, FAULTS, ONE_CONFLICT_A_ROUND } from '../support/scheduler-faults.ts';
import { Simulator } from '../support/simulation.ts';
import { randomToyBlock, seeded, type ToyBlock } from '../support/toy-engine.ts';

const SEEDS = 2_000;
const ALL = [...FAULTS, EAGER_VALIDATION, ONE_CONFLICT_A_ROUND];

let simulator: Simulator;
before(async () => {
  simulator = await Simulator.create(ALL);
});

/** @returns the first seed that fails */
function firstFailure(seeds: number): number | undefined {
  const below = seeded(1);
  for (let seed = 0; seed < seeds; seed++) {
    const block = randomToyBlock(below);
    const isHinted = seed % 3 === 0;
    const hints = isHinted
      ? block.transactions.map((_, i) => (i === 0 ? -1 : below(i + 1) - 1))
      : [];
    try {
      simulator.run(block, { workers: 1 + (seed % 8), seed, calm: 2 + (seed % 9), hints });
    } catch (error) {
      if (error instanceof assert.AssertionError) return seed;
      throw error;
    }
  }
  return undefined;
}

function withFault<T>(fault: (typeof ALL)[number], run: () => T): T {
  simulator.setFault(ALL.indexOf(fault) + 1);
  try {
    return run();
  } finally {
    simulator.setFault(0);
  }
}

test('random blocks under any interleaving end as one after another', () => {
  assert.equal(firstFailure(SEEDS), undefined, 'seed that fails');
});

for (const fault of FAULTS) {
  test(`a seeded fault is found: ${fault.name}`, () => {
    assert.notEqual(
      withFault(fault, () => firstFailure(SEEDS)),
      undefined,
    );
  });
}

/** Every transaction reads and writes a cell of its own. */
const DISJOINT: ToyBlock = {
  cells: 40,
  transactions: Array.from({ length: 40 }, (_, i) => ({
    reads: [i],
    writes: [i],
    writesWhenOdd: [],
  })),
};

function validationsOfDisjoint(): number {
  let most = 0;
  for (let seed = 0; seed < 50; seed++) {
    const { statistics } = simulator.run(DISJOINT, { workers: 4, seed });
    assert.equal(statistics.executions, 40);
    assert.equal(statistics.aborts, 0);
    most = Math.max(most, statistics.validations);
  }
  return most;
}

test('without conflicts a transaction is validated once', () => {
  assert.equal(validationsOfDisjoint(), 40);
  assert.ok(withFault(EAGER_VALIDATION, validationsOfDisjoint) > 60, 'the check can fail');
});

test('conflicts are found together, not one a round', () => {
  const count = 64;
  const one = { reads: [0], writesWhenOdd: [] };
  const block: ToyBlock = {
    cells: count,
    transactions: Array.from({ length: count }, (_, i) => ({ ...one, writes: [i] })),
  };
  const rounds = simulator.roundsAfterSlowFirst(block, 8);
  const slow = withFault(ONE_CONFLICT_A_ROUND, () => simulator.roundsAfterSlowFirst(block, 8));
  assert.ok(rounds * 3 < slow, `${rounds} rounds, one at a time ${slow}`);
});

test('a transaction runs after its hint, once', () => {
  // All read and write one cell: without hints most would run more than once.
  const one = { reads: [0], writes: [0], writesWhenOdd: [] };
  const block: ToyBlock = { cells: 1, transactions: Array.from({ length: 30 }, () => one) };
  const hints = block.transactions.map((_, i) => i - 1);
  let unhinted = 0;
  for (let seed = 0; seed < 30; seed++) {
    const { statistics } = simulator.run(block, { workers: 4, seed, hints });
    assert.equal(statistics.executions, 30);
    assert.equal(statistics.aborts, 0);
    unhinted += simulator.run(block, { workers: 4, seed }).statistics.executions;
  }
  assert.ok(unhinted > 30 * 40, `${unhinted} executions without hints`);
});

test('an empty block is done at once', () => {
  simulator.run({ cells: 1, transactions: [] }, { workers: 2, seed: 1 });
});

test('1,024 transactions take less than 36 KB', () => {
  assert.ok(schedulerBytes({ transactions: 1_024, workers: 8 }) < 36_864);
});
