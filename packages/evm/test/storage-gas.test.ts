/** SSTORE by fork, with the tables of the EIPs: value below, values stored, gas, refund. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEvm } from '../src/create-evm.ts';
import type { Fork } from '../src/types.ts';
import { assemble, CONTRACT, type Part, runCode, stateWith, word } from './support/machine.ts';

type Row = readonly [below: number, stored: readonly number[], gas: number, refund: number];

/** Gas of the stores without that of their PUSHes, three each. */
async function expectRows(fork: Fork, rows: readonly Row[], isWarm: boolean): Promise<void> {
  const evm = await createEvm({ fork });
  for (const [below, stored, gas, refund] of rows) {
    const state = stateWith({ 0xc0de: new Uint8Array(0) });
    state.setStorage(CONTRACT, word(0n), word(BigInt(below)));
    const parts: Part[] = stored.flatMap((value) => [BigInt(value), 0n, 'SSTORE']);
    const accessList = isWarm ? [{ address: CONTRACT, slots: [word(0n)] }] : [];
    const result = runCode(evm, assemble(...parts), { accessList }, state);
    const shown = `${fork}: ${below} -> ${stored.join(' -> ')}`;
    assert.equal(result.halt, undefined, shown);
    assert.equal(Number(result.gasUsed) - stored.length * 6, gas, `${shown}: gas`);
    // The counter can be below zero on the way, never at the end of these.
    assert.equal(Number(result.gasRefund), refund, `${shown}: refund`);
  }
}

test('before net metering: set 20000, else 5000, refund 15000', async () => {
  const rows: Row[] = [
    [0, [0, 0], 10_000, 0],
    [0, [1, 0], 25_000, 15_000],
    [1, [0, 1], 25_000, 15_000],
    [1, [2, 2], 10_000, 0],
    [1, [0, 0], 10_000, 15_000],
  ];
  for (const fork of ['frontier', 'homestead', 'byzantium', 'petersburg'] as const) {
    await expectRows(fork, rows, false);
  }
});

test('EIP-1283: the table of its test cases (Constantinople only)', async () => {
  const rows: Row[] = [
    [0, [0, 0], 400, 0],
    [0, [0, 1], 20_200, 0],
    [0, [1, 0], 20_200, 19_800],
    [0, [1, 2], 20_200, 0],
    [0, [1, 1], 20_200, 0],
    [1, [0, 0], 5_200, 15_000],
    [1, [0, 1], 5_200, 4_800],
    [1, [0, 2], 5_200, 0],
    [1, [2, 0], 5_200, 15_000],
    [1, [2, 3], 5_200, 0],
    [1, [2, 1], 5_200, 4_800],
    [1, [2, 2], 5_200, 0],
    [1, [1, 0], 5_200, 15_000],
    [1, [1, 2], 5_200, 0],
    [1, [1, 1], 400, 0],
    [0, [1, 0, 1], 40_200, 19_800],
    [1, [0, 1, 0], 10_200, 19_800],
  ];
  await expectRows('constantinople', rows, false);
});

test('EIP-2200: the table of its test cases', async () => {
  const rows: Row[] = [
    [0, [0, 0], 1_600, 0],
    [0, [0, 1], 20_800, 0],
    [0, [1, 0], 20_800, 19_200],
    [0, [1, 2], 20_800, 0],
    [0, [1, 1], 20_800, 0],
    [1, [0, 0], 5_800, 15_000],
    [1, [0, 1], 5_800, 4_200],
    [1, [0, 2], 5_800, 0],
    [1, [2, 0], 5_800, 15_000],
    [1, [2, 3], 5_800, 0],
    [1, [2, 1], 5_800, 4_200],
    [1, [2, 2], 5_800, 0],
    [1, [1, 0], 5_800, 15_000],
    [1, [1, 2], 5_800, 0],
    [1, [1, 1], 1_600, 0],
    [0, [1, 0, 1], 40_800, 19_200],
    [1, [0, 1, 0], 10_800, 19_200],
  ];
  await expectRows('istanbul', rows, false);
});

test('EIP-2929 with EIP-3529: the table of its test cases, slot warm', async () => {
  const rows: Row[] = [
    [0, [0, 0], 200, 0],
    [0, [0, 1], 20_100, 0],
    [0, [1, 0], 20_100, 19_900],
    [0, [1, 2], 20_100, 0],
    [0, [1, 1], 20_100, 0],
    [1, [0, 0], 3_000, 4_800],
    [1, [0, 1], 3_000, 2_800],
    [1, [0, 2], 3_000, 0],
    [1, [2, 0], 3_000, 4_800],
    [1, [2, 3], 3_000, 0],
    [1, [2, 1], 3_000, 2_800],
    [1, [2, 2], 3_000, 0],
    [1, [1, 0], 3_000, 4_800],
    [1, [1, 2], 3_000, 0],
    [1, [1, 1], 200, 0],
    [0, [1, 0, 1], 40_100, 19_900],
    [1, [0, 1, 0], 5_900, 7_600],
  ];
  for (const fork of ['london', 'osaka'] as const) await expectRows(fork, rows, true);
});

test('Berlin: refund for clearing still 15000, a cold slot costs 2100 more', async () => {
  await expectRows('berlin', [[1, [0], 2_900, 15_000]], true);
  await expectRows('berlin', [[1, [0], 5_000, 15_000]], false);
  await expectRows('berlin', [[0, [1, 1], 22_200, 0]], false);
});

test('EIP-2200: no store with 2300 gas left, but with 2301', async () => {
  const code = assemble(1n, 0n, 'SSTORE');
  const accessList = [{ address: CONTRACT, slots: [word(0n)] }];
  for (const fork of ['istanbul', 'osaka'] as const) {
    const evm = await createEvm({ fork });
    const state = stateWith({ 0xc0de: new Uint8Array(0) });
    state.setStorage(CONTRACT, word(0n), word(1n));
    const at = (gas: bigint) => runCode(evm, code, { accessList, gasLimit: gas + 6n }, state).halt;
    assert.equal(at(2_300n), 'out-of-gas');
    assert.equal(at(2_301n), undefined);
  }
  // Without the rule a store that changes nothing needs only its price.
  const evm = await createEvm({ fork: 'constantinople' });
  const state = stateWith({ 0xc0de: new Uint8Array(0) });
  state.setStorage(CONTRACT, word(0n), word(1n));
  assert.equal(runCode(evm, code, { gasLimit: 206n }, state).halt, undefined);
  assert.equal(runCode(evm, code, { gasLimit: 205n }, state).halt, 'out-of-gas');
});

test('the sentry looks at the gas that is left, not at what the block has paid ahead', async () => {
  const evm = await createEvm({ fork: 'osaka' });
  const state = stateWith({ 0xc0de: new Uint8Array(0) });
  state.setStorage(CONTRACT, word(0n), word(1n));
  const accessList = [{ address: CONTRACT, slots: [word(0n)] }];
  // Behind the store stand opcodes for 33 gas, charged with the block.
  const code = assemble(1n, 0n, 'SSTORE', ...Array.from({ length: 11 }, () => 7n));
  const at = (gas: bigint) => runCode(evm, code, { accessList, gasLimit: gas + 6n }, state).halt;
  assert.equal(at(2_300n), 'out-of-gas');
  assert.equal(at(2_301n), undefined);
});
