import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEvm } from '../src/create-evm.ts';
import type { Fork } from '../src/types.ts';
import {
  createMachine,
  linesOf,
  resultsOf,
  runBlock,
  runSequentially,
} from './support/parallel-machine.ts';
import {
  createSeeded,
  createWorld,
  environmentOf,
  makeTransactions,
  type Nonces,
} from './support/workloads.ts';

const FORKS_RUN: readonly Fork[] = [
  ...(['frontier', 'homestead', 'spuriousDragon', 'byzantium', 'constantinople'] as const),
  ...(['istanbul', 'berlin', 'london', 'shanghai', 'cancun', 'prague', 'osaka'] as const),
];

for (const fork of FORKS_RUN) {
  test(`${fork}: any order of execution leaves what one after another leaves`, async () => {
    const machine = await createMachine(fork);
    const evm = await createEvm({ fork });
    for (const conflicts of [0, 1, 10, 50, 100]) {
      const seed = Number(process.env['SEED'] ?? 0) * 1000 + conflicts;
      const seeded = createSeeded(seed + 1);
      const nonces: Nonces = new Map();
      const expected = createWorld(fork);
      const actual = createWorld(fork);
      machine.memory.clear();
      for (let number = 1n; number <= 4n; number++) {
        const shape = { fork, transactions: 40, conflicts, isCoinbaseBusy: conflicts === 50 };
        const transactions = makeTransactions(seeded, shape, nonces);
        const block = { environment: environmentOf(number), transactions };
        runBlock(machine, actual, block, seeded);
        const results = runSequentially(evm, expected, block);
        const name = `${fork} conflicts ${conflicts} block ${number}`;
        assert.deepEqual(resultsOf(machine.memory, transactions.length), results, name);
        actual.apply(machine.memory.changes(transactions.length));
        assert.deepEqual(linesOf(actual), linesOf(expected), name);
        machine.memory.commit(transactions.length);
      }
    }
  });
}
