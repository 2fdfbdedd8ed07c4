import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createEvm } from '../src/create-evm.ts';
import type { Evm } from '../src/evm.ts';
import type { Transaction } from '../src/transaction/types.ts';
import type { Fork } from '../src/types.ts';
import { compileMutants, SWITCH_AT } from './support/mutants.ts';
import {
  createMachine,
  type Faults,
  linesOf,
  type Machine,
  resultsOf,
  runBlock,
  runSequentially,
} from './support/parallel-machine.ts';
import { PARALLEL_MUTANTS } from './support/parallel-mutants.ts';
import {
  createSeeded,
  createWorld,
  environmentOf,
  makeDirected,
  makeTransactions,
  type Nonces,
} from './support/workloads.ts';

const FORKS_TRIED: readonly Fork[] = ['osaka', 'homestead', 'istanbul'];
const SEEDS = 12;
const SIZE = 32;

let module: WebAssembly.Module;
before(async () => {
  module = await compileMutants(PARALLEL_MUTANTS);
});

/** Runs blocks on one world both ways; throws at the first difference. */
function compareBlocks(
  machine: Machine,
  evm: Evm,
  blocks: Iterable<readonly Transaction[]>,
  seed: number,
  faults: Faults,
): void {
  const expected = createWorld(evm.fork);
  const actual = createWorld(evm.fork);
  const seeded = createSeeded(seed);
  machine.memory.clear();
  let number = 1n;
  for (const transactions of blocks) {
    const block = { environment: environmentOf(number++), transactions };
    const { length } = transactions;
    runBlock(machine, actual, block, seeded, faults);
    const results = runSequentially(evm, expected, block);
    assert.deepEqual(resultsOf(machine.memory, length), results);
    actual.apply(machine.memory.changes(length));
    assert.deepEqual(linesOf(actual), linesOf(expected));
    machine.memory.commit(length);
  }
}

/** What the comparison with one after another says first; undefined when nothing differs. */
async function firstDifference(number: number, faults: Faults): Promise<string | undefined> {
  for (const fork of FORKS_TRIED) {
    const machine = await createMachine(fork, {}, { kernelModule: module });
    new DataView(machine.plan.memory.buffer).setUint32(SWITCH_AT, number, true);
    const evm = await createEvm({ fork });
    for (let seed = 1; seed <= SEEDS; seed++) {
      const nonces: Nonces = new Map();
      const shape = { fork, transactions: SIZE, conflicts: 100, isCoinbaseBusy: true };
      const seeded = createSeeded(seed);
      const crowded = Array.from({ length: 3 }, () => makeTransactions(seeded, shape, nonces));
      try {
        compareBlocks(machine, evm, makeDirected(fork, seed), seed, faults);
        compareBlocks(machine, evm, crowded, seed, faults);
      } catch (error) {
        return `${fork}, seed ${seed}: ${String(error)}`;
      }
    }
  }
  return undefined;
}

test('without a fault nothing differs', async () => {
  assert.equal(await firstDifference(0, {}), undefined);
});

for (const [index, { name }] of PARALLEL_MUTANTS.entries()) {
  test(`noticed: ${name}`, async () => {
    assert.notEqual(await firstDifference(index + 1, {}), undefined);
  });
}

test('noticed: a scheduler that validates nothing', async () => {
  assert.notEqual(await firstDifference(0, { skipsValidation: true }), undefined);
});

test('noticed: a scheduler that marks no estimates', async () => {
  assert.notEqual(await firstDifference(0, { ignoresEstimates: true }), undefined);
});
