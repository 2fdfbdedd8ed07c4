import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEvm } from '../src/create-evm.ts';
import { FORKS, type Fork } from '../src/types.ts';
import { address, assemble, evaluate, type Part, runCode, stateWith } from './support/machine.ts';

async function gasOf(fork: Fork, ...parts: readonly Part[]): Promise<number> {
  const evm = await createEvm({ fork });
  const result = runCode(evm, assemble(...parts));
  assert.equal(result.halt, undefined);
  return Number(result.gasUsed);
}

/** Gas of the last part alone, given figures from a fork on. */
async function expectSteps(
  steps: Partial<Record<Fork, number | undefined>>,
  ...parts: readonly Part[]
): Promise<void> {
  let expected: number | undefined;
  for (const fork of FORKS) {
    if (fork in steps) expected = steps[fork];
    if (expected === undefined) continue;
    const before = await gasOf(fork, ...parts.slice(0, -1));
    assert.equal((await gasOf(fork, ...parts)) - before, expected, fork);
  }
}

test('reading accounts: by fork, cold', async () => {
  await expectSteps(
    { frontier: 20, tangerineWhistle: 400, istanbul: 700, berlin: 2_600 },
    2n ** 40n,
    'BALANCE',
  );
  await expectSteps(
    { frontier: 20, tangerineWhistle: 700, berlin: 2_600 },
    7n + 2n ** 40n,
    'EXTCODESIZE',
  );
  await expectSteps(
    { constantinople: 400, istanbul: 700, berlin: 2_600 },
    2n ** 40n,
    'EXTCODEHASH',
  );
  const copy: Part[] = [33n, 0n, 0n, 2n ** 40n, 'EXTCODECOPY'];
  // Two words copied, two words of memory.
  await expectSteps({ frontier: 32, tangerineWhistle: 712, berlin: 2_612 }, ...copy);
});

test('reading accounts: 100 when warm, and precompiles are', async () => {
  await expectSteps({ berlin: 100 }, 2n ** 40n, 'BALANCE', 'POP', 2n ** 40n, 'BALANCE');
  await expectSteps({ berlin: 100 }, 9n, 'BALANCE');
  await expectSteps({ berlin: 100 }, 'ADDRESS', 'BALANCE');
  await expectSteps({ berlin: 100 }, 'CALLER', 'BALANCE');
  await expectSteps({ berlin: 2_600, cancun: 100 }, 10n, 'BALANCE');
  await expectSteps({ berlin: 2_600, prague: 100 }, 17n, 'BALANCE');
  await expectSteps({ berlin: 2_600, osaka: 100 }, 0x100n, 'BALANCE');
  await expectSteps({ berlin: 2_600 }, 0x101n, 'BALANCE');
  await expectSteps({ berlin: 2_600 }, 32n, 'BALANCE');
  // The fee recipient, zero in these runs (EIP-3651).
  await expectSteps({ berlin: 2_600, shanghai: 100 }, 0n, 'BALANCE');
});

test('SLOAD by fork, cold and warm', async () => {
  await expectSteps(
    { frontier: 50, tangerineWhistle: 200, istanbul: 800, berlin: 2_100 },
    1n,
    'SLOAD',
  );
  await expectSteps({ berlin: 100 }, 1n, 'SLOAD', 'POP', 1n, 'SLOAD');
});

test('EXP: 10 and 10 or 50 for each byte of the exponent', async () => {
  await expectSteps({ frontier: 10 }, 0n, 2n, 'EXP');
  await expectSteps({ frontier: 20, spuriousDragon: 60 }, 255n, 2n, 'EXP');
  await expectSteps({ frontier: 30, spuriousDragon: 110 }, 256n, 2n, 'EXP');
  await expectSteps({ frontier: 330, spuriousDragon: 1_610 }, 2n ** 255n, 2n, 'EXP');
});

test('memory: 3 a word and words squared over 512', async () => {
  const cost = (words: number) => 3 * words + Math.floor((words * words) / 512);
  for (const words of [1, 2, 22, 23, 100, 724, 5_000, 30_000]) {
    const offset = BigInt(words * 32 - 32);
    await expectSteps({ osaka: 3 + cost(words) }, offset, 'MLOAD');
    await expectSteps({ osaka: 3 + cost(words) }, 1n, offset, 'MSTORE');
    await expectSteps({ osaka: 3 + cost(words) }, 1n, offset + 31n, 'MSTORE8');
    await expectSteps({ osaka: 3 + cost(words + 1) }, offset + 1n, 'MLOAD');
    await expectSteps({ osaka: 3 + 3 + cost(words) }, 1n, 0n, offset + 31n, 'CALLDATACOPY');
    await expectSteps({ osaka: 30 + 6 + cost(words) }, 32n, offset, 'KECCAK256');
    await expectSteps({ osaka: 3 + 3 + cost(words) }, 1n, offset + 31n, 0n, 'MCOPY');
    await expectSteps({ osaka: 3 + 3 + cost(words) }, 1n, 0n, offset + 31n, 'MCOPY');
    await expectSteps({ osaka: 375 + 8 + cost(words) }, 1n, offset + 31n, 'LOG0');
    await expectSteps({ osaka: cost(words) }, 1n, offset + 31n, 'RETURN');
  }
});

test('memory grows once: what is there costs nothing again', async () => {
  await expectSteps({ osaka: 3 }, 1_000n, 'MLOAD', 'POP', 960n, 'MLOAD');
  await expectSteps({ osaka: 3 }, 1_000n, 'MLOAD', 'POP', 1_000n, 'MLOAD');
});

test('size 0 touches no memory, whatever the offset', async () => {
  const far = 2n ** 256n - 1n;
  await expectSteps({ osaka: 30 }, 0n, far, 'KECCAK256');
  await expectSteps({ osaka: 3 }, 0n, far, far, 'CALLDATACOPY');
  await expectSteps({ osaka: 3 }, 0n, far, far, 'CODECOPY');
  await expectSteps({ osaka: 3 }, 0n, far, far, 'MCOPY');
  await expectSteps({ osaka: 375 }, 0n, far, 'LOG0');
  await expectSteps({ osaka: 0 }, 0n, far, 'RETURN');
  await expectSteps({ osaka: 2_600 }, 0n, far, far, 2n ** 40n, 'EXTCODECOPY');
});

test('copies: 3 a word begun', async () => {
  for (const name of ['CALLDATACOPY', 'CODECOPY', 'MCOPY']) {
    for (const [size, words] of [
      [1n, 1],
      [32n, 1],
      [33n, 2],
      [1_024n, 32],
    ] as const) {
      await expectSteps({ osaka: 3 + 3 * words }, 2_000n, 'MLOAD', 'POP', size, 0n, 0n, name);
    }
  }
});

test('logs: 375 for itself and each topic, 8 a byte', async () => {
  await expectSteps({ frontier: 375 + 3 + 80 }, 10n, 0n, 'LOG0');
  await expectSteps({ frontier: 5 * 375 + 3 + 80 }, 1n, 2n, 3n, 4n, 10n, 0n, 'LOG4');
});

test('GAS gives what is left after itself, wherever it stands in a block', async () => {
  const evm = await createEvm({ fork: 'osaka' });
  // PUSH1 7, POP, GAS: 3 + 2 + 2.
  assert.equal(evaluate(evm, 7n, 'POP', 'GAS'), 10_000_000n - 7n);
  assert.equal(evaluate(evm, 'GAS', 7n, 'POP', 'GAS', 'SWAP1', 'SUB'), 7n);
  assert.equal(evaluate(evm, 'GAS', 'GAS', 'GAS', 'POP', 'SWAP1', 'SUB'), 2n);
});

test('one gas less than needed fails, and takes all', async () => {
  const evm = await createEvm({ fork: 'osaka' });
  const code = assemble(
    1n,
    2n,
    'ADD',
    64n,
    'MSTORE',
    0n,
    'SLOAD',
    'POP',
    64n,
    'MLOAD',
    'POP',
    1n,
    'POP',
  );
  const needed = runCode(evm, code).gasUsed;
  assert.equal(runCode(evm, code, { gasLimit: needed }).halt, undefined);
  for (let gas = 0n; gas < needed; gas++) {
    const result = runCode(evm, code, { gasLimit: gas });
    assert.equal(result.halt, 'out-of-gas');
    assert.equal(result.gasUsed, gas);
    assert.deepEqual(result.changes, []);
  }
});

test('an opcode is undefined before its fork', async () => {
  const newcomers: [string, Fork, readonly Part[]][] = [
    ['DELEGATECALL', 'homestead', [0n, 0n, 0n, 0n, 0n, 0n]],
    ['RETURNDATASIZE', 'byzantium', []],
    ['STATICCALL', 'byzantium', [0n, 0n, 0n, 0n, 0n, 0n]],
    ['SHL', 'constantinople', [1n, 1n]],
    ['EXTCODEHASH', 'constantinople', [1n]],
    ['CREATE2', 'constantinople', [0n, 0n, 0n, 0n]],
    ['CHAINID', 'istanbul', []],
    ['SELFBALANCE', 'istanbul', []],
    ['BASEFEE', 'london', []],
    ['PUSH0', 'shanghai', []],
    ['TLOAD', 'cancun', [0n]],
    ['MCOPY', 'cancun', [0n, 0n, 0n]],
    ['BLOBHASH', 'cancun', [0n]],
    ['BLOBBASEFEE', 'cancun', []],
    ['CLZ', 'osaka', [1n]],
  ];
  for (const fork of FORKS) {
    const evm = await createEvm({ fork });
    for (const [name, since, operands] of newcomers) {
      const { halt } = runCode(evm, assemble(...operands, name));
      const exists = FORKS.indexOf(fork) >= FORKS.indexOf(since);
      assert.equal(halt, exists ? undefined : 'invalid-opcode', `${name} in ${fork}`);
    }
  }
});

test('bytes no fork assigns are invalid', async () => {
  const evm = await createEvm({ fork: 'osaka' });
  const undefined_ = [
    0x0c, 0x0d, 0x0e, 0x0f, 0x1f, 0x21, 0x2f, 0x4b, 0x4f, 0xa5, 0xb0, 0xef, 0xf6, 0xf9, 0xfb, 0xfc,
    0xfe,
  ];
  for (const byte of undefined_) {
    const code = Uint8Array.of(0x60, 1, 0x60, 1, 0x60, 1, byte);
    assert.equal(runCode(evm, code).halt, 'invalid-opcode', byte.toString(16));
  }
});

test('access lists make addresses and slots warm', async () => {
  const evm = await createEvm({ fork: 'osaka' });
  const state = stateWith({ 0xc0de: new Uint8Array(0), 0x77: new Uint8Array(0) });
  const code = assemble(0x77n, 'BALANCE', 'POP');
  const accessList = [{ address: address(0x77), slots: [] }];
  assert.equal(runCode(evm, code, {}, state).gasUsed, 2_605n);
  assert.equal(runCode(evm, code, { accessList }, state).gasUsed, 105n);
});
