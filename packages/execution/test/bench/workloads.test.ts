import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEvm, createMemoryState, transact } from '@basalt/evm';
import { createWorkload, type WorkloadOptions } from '../../bench/workloads.ts';

const OPTIONS: readonly WorkloadOptions[] = [
  { kind: 'ether', transactions: 20 },
  { kind: 'ether', transactions: 20, accounts: 3 },
  { kind: 'token', transactions: 20 },
  { kind: 'token', transactions: 20, accounts: 2 },
  { kind: 'token', transactions: 20, conflictPercent: 50 },
  { kind: 'swap', transactions: 20 },
  { kind: 'swap', transactions: 20, pairs: 1 },
  { kind: 'swap', transactions: 20, accounts: 4, pairs: 2 },
  { kind: 'mixed', transactions: 21, conflictPercent: 10 },
];

for (const options of OPTIONS) {
  const workload = createWorkload(options);
  test(`every transaction of a workload succeeds: ${workload.name}`, async () => {
    const evm = await createEvm({ fork: workload.fork });
    const state = createMemoryState();
    state.apply(workload.genesis);
    let logs = 0;
    for (const transaction of workload.transactions) {
      const result = transact(evm, state, transaction, workload.environment);
      assert(result.included, result.included ? '' : result.error.message);
      assert(result.succeeded, result.halt ?? '');
      state.apply(result.changes);
      logs += result.logs.length;
    }
    // A transfer of tokens logs once, a swap two transfers, Sync and Swap.
    const each = { ether: 0, token: 1, swap: 4, mixed: 5 / 3 }[options.kind];
    assert.equal(logs, Math.round(each * options.transactions));
  });
}

test('a workload without accounts has a sender and a receiver for each transaction', () => {
  const { transactions, senders } = createWorkload({ kind: 'ether', transactions: 50 });
  const touched = transactions.flatMap(({ sender, to }) => [sender, to]);
  const names = new Set(touched.map((address) => Buffer.from(address ?? []).toString('hex')));
  assert.equal(names.size, 100);
  assert.equal(senders, 50);
});

test('the share of conflict is the share of transactions that go to one receiver', () => {
  for (const conflictPercent of [0, 10, 100]) {
    const options = { kind: 'ether', transactions: 1_000, conflictPercent } as const;
    const { transactions } = createWorkload(options);
    const counts = new Map<string, number>();
    for (const { to } of transactions) {
      const name = Buffer.from(to ?? []).toString('hex');
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const most = Math.max(...counts.values());
    const expected = Math.max(1, conflictPercent * 10);
    assert(Math.abs(most - expected) <= 30, `${most} of 1000 at ${conflictPercent} %`);
  }
});

test('the same options give the same workload, another seed another one', () => {
  const options = { kind: 'token', transactions: 30, accounts: 10 } as const;
  assert.deepEqual(createWorkload(options), createWorkload(options));
  assert.notDeepEqual(createWorkload(options), createWorkload({ ...options, seed: 2 }));
});
