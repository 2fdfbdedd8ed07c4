import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEvm } from '../src/create-evm.ts';
import { compileNow } from '../src/jit/compile.ts';
import { FORKS } from '../src/types.ts';
import {
  createMachine,
  linesOf,
  resultsOf,
  runBlock,
  runSequentially,
} from './support/parallel-machine.ts';
import { makeRandomBlocks } from './support/random-blocks.ts';
import {
  createSeeded,
  createWorld,
  environmentOf,
  makeTransactions,
  type Nonces,
} from './support/workloads.ts';

const BLOCKS = 4n;
const SIZE = 40;

for (const fork of FORKS) {
  test(`${fork}: any order of execution leaves what one after another leaves`, async () => {
    const machine = await createMachine(fork);
    const evm = await createEvm({ fork });
    for (const conflicts of [0, 1, 10, 50, 100]) {
      const seeded = createSeeded(conflicts + 1);
      const nonces: Nonces = new Map();
      const expected = createWorld(fork);
      const actual = createWorld(fork);
      machine.memory.clear();
      // Base values stay over blocks.
      for (let number = 1n; number <= BLOCKS; number++) {
        const shape = { fork, transactions: SIZE, conflicts, isCoinbaseBusy: conflicts === 50 };
        const transactions = makeTransactions(seeded, shape, nonces);
        const block = { environment: environmentOf(number), transactions };
        runBlock(machine, actual, block, seeded);
        const results = runSequentially(evm, expected, block);
        const name = `conflicts ${conflicts}, block ${number}`;
        assert.deepEqual(resultsOf(machine.memory, SIZE), results, name);
        actual.apply(machine.memory.changes(SIZE));
        assert.deepEqual(linesOf(actual), linesOf(expected), name);
        machine.memory.commit(SIZE);
      }
    }
  });
}

for (const engine of ['interpreter', 'tiered'] as const) {
  test(`${engine}: random contracts on random forks, in any order`, async () => {
    const tier = { hotGas: 0n, compile: compileNow, sampleEvery: 3, sampleFirst: 0 };
    const options = engine === 'tiered' ? { engine, tier } : {};
    const blocks = makeRandomBlocks(20_260_731, 240, 6);
    for (const fork of FORKS) {
      const ofFork = blocks.filter((each) => each.fork === fork);
      const machine = await createMachine(fork, {}, options);
      const evm = await createEvm({ fork });
      for (const [index, { createState, block }] of ofFork.entries()) {
        const expected = createState();
        const actual = createState();
        machine.memory.clear();
        runBlock(machine, actual, block, createSeeded(index));
        const results = runSequentially(evm, expected, block);
        const count = block.transactions.length;
        assert.deepEqual(resultsOf(machine.memory, count), results, `${fork}, block ${index}`);
        actual.apply(machine.memory.changes(count));
        assert.deepEqual(linesOf(actual), linesOf(expected), `${fork}, block ${index}`);
      }
    }
  });
}

test('a block may be cut at any transaction, and the next goes on from there', async () => {
  for (const fork of ['homestead', 'shanghai', 'osaka'] as const) {
    const machine = await createMachine(fork);
    const evm = await createEvm({ fork });
    const seeded = createSeeded(77);
    const nonces: Nonces = new Map();
    const before = createWorld(fork);
    for (let number = 1n; number <= 6n; number++) {
      const shape = { fork, transactions: 24, conflicts: 60 };
      const transactions = makeTransactions(seeded, shape, nonces);
      const environment = environmentOf(number);
      runBlock(machine, before, { environment, transactions }, seeded);
      const expected = before.snapshot();
      // All prefixes of one run, against a state that follows transaction by transaction.
      for (let count = 0; count <= transactions.length; count++) {
        const mark = before.snapshot();
        before.apply(machine.memory.changes(count));
        const cut = linesOf(before);
        before.revert(mark);
        const again = before.snapshot();
        runSequentially(evm, before, { environment, transactions: transactions.slice(0, count) });
        assert.deepEqual(cut, linesOf(before), `${fork} block ${number} cut at ${count}`);
        before.revert(again);
      }
      before.revert(expected);
      const count = 1 + seeded.below(transactions.length);
      before.apply(machine.memory.changes(count));
      machine.memory.commit(count);
    }
  }
});
