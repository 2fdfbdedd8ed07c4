import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEvm } from '../src/create-evm.ts';
import { compileNow } from '../src/jit/compile.ts';
import type { Compile } from '../src/jit/types.ts';
import { planSharedMemory } from '../src/parallel/plan.ts';
import { versionedEngine } from '../src/parallel/versioned-engine.ts';
import { createMemoryState, type MemoryState } from '../src/state/memory-state.ts';
import type { LegacyTransaction, Transaction } from '../src/transaction/types.ts';
import type { StateReader } from '../src/types.ts';
import { address, assemble, toNumber, word } from './support/machine.ts';
import { createMachine, type Machine, SPACE } from './support/parallel-machine.ts';
import { COINBASE, environmentOf } from './support/workloads.ts';

const ENVIRONMENT = environmentOf();
const ETHER = 10n ** 18n;
const COUNTER = address(0xc0417e4);
const EATER = address(0xea7e4);
/** Adds one to the slot that the first word of the call data names. */
const COUNTER_CODE = assemble(0n, 'CALLDATALOAD', 'SLOAD', 1n, 'ADD', 0n, 'CALLDATALOAD', 'SSTORE');
/** Writes as many slots as it has gas for, or logs. */
const EATER_CODE = assemble(
  { label: 'again' },
  ...(['GAS', 1n, 'ADD', 'GAS', 'SSTORE', 1_024n, 0n, 'LOG0', { goto: 'again' }, 'JUMP'] as const),
);

function world(): MemoryState {
  const state = createMemoryState();
  for (let number = 1; number <= 40; number++) {
    state.setAccount(address(number * 256), { balance: ETHER });
  }
  state.setCode(COUNTER, COUNTER_CODE);
  state.setCode(EATER, EATER_CODE);
  return state;
}

function call(number: number, fields: Partial<LegacyTransaction>): Transaction {
  return {
    type: 0,
    sender: address(number * 256),
    nonce: 0n,
    gasLimit: 100_000n,
    gasPrice: 10n,
    to: COUNTER,
    value: 0n,
    data: word(5n),
    ...fields,
  };
}

function run(machine: Machine, state: StateReader, transactions: readonly Transaction[]): void {
  machine.memory.beginBlock(transactions.length);
  for (const [index, transaction] of transactions.entries()) {
    const engine = machine.engines[index % machine.engines.length];
    assert.equal(
      engine?.execute(index, 0, transaction, ENVIRONMENT, state, SPACE).status,
      'executed',
    );
  }
}

/** Counts what is asked. */
function counted(state: StateReader): StateReader & { accounts: number; slots: number } {
  const reader = {
    accounts: 0,
    slots: 0,
    readAccount: (account: Uint8Array) => {
      reader.accounts++;
      return state.readAccount(account);
    },
    readStorage: (account: Uint8Array, slot: Uint8Array) => {
      reader.slots++;
      return state.readStorage(account, slot);
    },
    readCode: (hash: Uint8Array) => state.readCode(hash),
    blockHash: (number: bigint) => state.blockHash(number),
  };
  return reader;
}

function valueIn(state: StateReader, slot: bigint): bigint {
  return toNumber(state.readStorage(COUNTER, word(slot)));
}

test('the state is asked once for each value, over blocks, until all is forgotten', async () => {
  const machine = await createMachine('osaka');
  const state = world();
  const reader = counted(state);
  for (let number = 0; number < 5; number++) {
    const nonce = BigInt(number);
    run(machine, reader, [call(1, { nonce }), call(2, { nonce }), call(1, { nonce: nonce + 9n })]);
    assert(!machine.memory.result(2).included);
    state.apply(machine.memory.changes(3));
    machine.memory.commit(3);
    assert.equal(valueIn(state, 5n), 2n * (nonce + 1n));
  }
  // Two senders, the contract, the fee recipient; one slot.
  assert.deepEqual([reader.accounts, reader.slots], [4, 1]);
  machine.memory.clear();
  assert.equal(machine.memory.stats().cells, 0);
  run(machine, reader, [call(1, { nonce: 5n })]);
  assert.deepEqual([reader.accounts, reader.slots], [7, 2]);
});

test('base values follow changes from elsewhere', async () => {
  const machine = await createMachine('shanghai');
  const state = world();
  const reader = counted(state);
  run(machine, reader, [call(1, {})]);
  machine.memory.applyToBase([
    {
      address: address(256),
      account: {
        ...(state.readAccount(address(256)) as object),
        nonce: 7n,
        balance: ETHER,
      } as never,
      storageCleared: false,
      storage: [],
    },
    {
      address: COUNTER,
      account: state.readAccount(COUNTER),
      storageCleared: false,
      storage: [
        { slot: word(5n), value: word(41n) },
        { slot: word(6n), value: word(1n) },
      ],
    },
    { address: address(0xfff), account: undefined, storageCleared: true, storage: [] },
  ]);
  const asked = reader.accounts + reader.slots;
  run(machine, reader, [call(1, { nonce: 7n })]);
  assert.equal(reader.accounts + reader.slots, asked);
  const change = machine.memory.changes(1).find((each) => each.storage.length > 0);
  assert.deepEqual(change?.storage, [{ slot: word(5n), value: word(42n) }]);
  // Cleared storage is not taken from before: the state is asked again.
  const account = state.readAccount(COUNTER);
  machine.memory.applyToBase([{ address: COUNTER, account, storageCleared: true, storage: [] }]);
  run(machine, reader, [call(1, { nonce: 7n })]);
  assert.equal(reader.accounts + reader.slots, asked + 1);
});

test('what needs more than the sizes ends with memory-bound, and the next block runs', async () => {
  const isBound = { code: 'memory-bound' } as const;
  const few = await createMachine('osaka', { versioned: { cells: 24, blockBytes: 2 ** 20 } });
  const state = world();
  const many = Array.from({ length: 39 }, (_, index) =>
    call(index + 1, { data: word(BigInt(index)) }),
  );
  assert.throws(() => run(few, state, many), isBound);
  run(few, state, [call(1, {}), call(2, {})]);
  assert(few.memory.result(1).included);
  assert.throws(() => few.memory.beginBlock(1_000_000), isBound);

  const small = await createMachine('osaka', { versioned: { cells: 4_096, blockBytes: 65_536 } });
  const logs = call(1, { to: EATER, gasLimit: 16_000_000n });
  assert.throws(() => run(small, state, [logs, logs, logs]), isBound);
  run(small, state, [call(1, {})]);
  assert(small.memory.result(0).included);
  assert.throws(
    () => small.engines[0]?.execute(1, 0, call(2, {}), ENVIRONMENT, state, SPACE),
    isBound,
    'beyond the block',
  );
});

test('cells that were not named for long make room for others', async () => {
  const machine = await createMachine('osaka', { versioned: { cells: 128 } });
  const state = world();
  for (let number = 0; number < 60; number++) {
    const nonce = BigInt(number);
    // One slot that every block names, and ten that only this one does.
    const transactions = [call(1, { nonce })];
    for (let slot = 0; slot < 10; slot++) {
      const data = word(BigInt(1_000 + number * 10 + slot));
      transactions.push(call(2 + slot, { nonce, data }));
    }
    run(machine, state, transactions);
    state.apply(machine.memory.changes(11));
    machine.memory.commit(11);
    assert.equal(valueIn(state, 5n), nonce + 1n);
    assert(machine.memory.stats().cells <= 128);
  }
  const reader = counted(state);
  run(machine, reader, [call(1, { nonce: 60n })]);
  assert.deepEqual([reader.accounts, reader.slots], [0, 0], 'what is named often stays');
});

test('locations that cause aborts are told, most first', async () => {
  const machine = await createMachine('osaka');
  const state = world();
  const [engine] = machine.engines;
  assert(engine !== undefined);
  machine.memory.beginBlock(4);
  const execute = (index: number, incarnation: number): string =>
    engine.execute(index, incarnation, call(index + 1, {}), ENVIRONMENT, state, SPACE).status;
  for (const index of [3, 2, 1, 0]) assert.equal(execute(index, 0), 'executed');
  for (const index of [1, 2, 3]) assert(!engine.validate(index));
  engine.markEstimates(1);
  assert.deepEqual(engine.execute(2, 1, call(3, {}), ENVIRONMENT, state, SPACE), {
    status: 'blocked',
    by: 1,
  });
  const hot = machine.memory.hotKeys(8);
  assert.deepEqual(hot, [{ address: COUNTER, slot: word(5n), aborts: 4 }]);
  for (const index of [1, 2, 3]) {
    assert.equal(execute(index, 2), 'executed');
    assert(engine.validate(index));
  }
  machine.memory.beginBlock(1);
  assert.deepEqual(machine.memory.hotKeys(8), []);
});

test('engines of one memory keep out of each other, as plain engines too', async () => {
  const plan = planSharedMemory({ engines: 4 });
  const forks = ['frontier', 'byzantium', 'london', 'osaka'] as const;
  const engines = await Promise.all(
    forks.map((fork, engine) => createEvm({ fork, shared: { plan, engine } })),
  );
  const state = world();
  const alone = await Promise.all(forks.map((fork) => createEvm({ fork })));
  const request = { to: EATER, gasLimit: 900_000n };
  for (let round = 0; round < 3; round++) {
    for (const [index, evm] of engines.entries()) {
      const shared = evm.call(state, request);
      const own = alone[index]?.call(state, request);
      assert.equal(shared.gasUsed, own?.gasUsed);
      assert.deepEqual(shared.changes, own?.changes);
    }
  }
});

test('plans and engines that can not be are refused', async () => {
  const isBad = { code: 'bad-request' } as const;
  assert.throws(() => planSharedMemory({ engines: 0 }), isBad);
  assert.throws(() => planSharedMemory({ engines: 17 }), isBad);
  assert.throws(() => planSharedMemory({ engines: 2, versioned: { cells: 0 } }), isBad);
  const wide = { codeBytes: 900 * 2 ** 20 };
  assert.throws(() => planSharedMemory({ engines: 3, engineSizes: wide }), isBad);
  const eight = planSharedMemory({ engines: 8, extraBytes: 4_096 });
  assert.equal(eight.engines.length, 8);
  assert(eight.extraAt + eight.extraBytes <= eight.memory.buffer.byteLength);
  await assert.rejects(createEvm({ fork: 'osaka', shared: { plan: eight, engine: 8 } }), isBad);
  const evm = await createEvm({ fork: 'osaka' });
  assert.throws(() => versionedEngine(evm), isBad);
});

test('a state that throws ends the execution, is thrown on, and leaves all usable', async () => {
  const machine = await createMachine('osaka');
  const state = world();
  const broken = {
    ...counted(state),
    readStorage: (): never => {
      throw new Error('disk');
    },
  };
  machine.memory.beginBlock(2);
  const [engine] = machine.engines;
  assert.throws(() => engine?.execute(0, 0, call(1, {}), ENVIRONMENT, broken, SPACE), /disk/);
  assert.throws(() => machine.memory.result(0), { code: 'bad-request' });
  assert.equal(engine?.validate(0), false, 'what has not run is not valid');
  assert.equal(engine?.execute(0, 0, call(1, {}), ENVIRONMENT, state, SPACE).status, 'executed');
  assert(machine.memory.result(0).included);
});

test('the fee recipient and recipients of plain transfers make no transaction wait', async () => {
  const machine = await createMachine('osaka');
  const state = world();
  const [engine] = machine.engines;
  const shop = address(0x5409);
  const transfer = { to: shop, value: 3n, gasLimit: 21_000n, data: new Uint8Array(0) };
  machine.memory.beginBlock(30);
  for (let index = 29; index >= 0; index--) {
    engine?.execute(index, 0, call(index + 1, transfer), ENVIRONMENT, state, SPACE);
  }
  for (let index = 0; index < 30; index++) assert(engine?.validate(index), `transaction ${index}`);
  state.apply(machine.memory.changes(30));
  assert.equal(state.readAccount(shop)?.balance, 90n);
  assert.equal(state.readAccount(COINBASE)?.balance, 30n * 21_000n * 3n);
});

test('an engine made in the place of another ends it, with what it had ordered', async () => {
  const plan = planSharedMemory({ engines: 1 });
  const state = world();
  const orders: (() => void)[] = [];
  const compile: Compile = (job) =>
    new Promise((resolve) => {
      orders.push(() => resolve(compileNow(job)));
    });
  const tier = { hotGas: 0n, compile };
  const shared = { plan, engine: 0 };
  const before = await createEvm({ fork: 'london', engine: 'tiered', tier, shared });
  before.call(state, { to: COUNTER, data: word(3n), gasLimit: 100_000n });
  assert.equal(orders.length, 1);
  const after = await createEvm({ fork: 'osaka', shared });
  for (const deliver of orders) deliver();
  await before.tier?.settled();
  assert.equal(before.tier?.installed, 0);
  const call = { to: COUNTER, data: word(3n), gasLimit: 100_000n };
  assert.throws(() => before.call(state, call), { code: 'session-closed' });
  assert.equal(after.call(state, call).halt, undefined);
});
