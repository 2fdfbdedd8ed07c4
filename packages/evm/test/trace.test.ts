import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBlock } from '@ethereumjs/block';
import { Common, Mainnet } from '@ethereumjs/common';
import { createEVM } from '@ethereumjs/evm';
import { SimpleStateManager } from '@ethereumjs/statemanager';
import { Account, Address, createAddressFromString, hexToBytes } from '@ethereumjs/util';
import { generateCase } from '../fuzz/generate-case.ts';
import { KZG_STUB } from '../fuzz/oracle.ts';
import { createRandom } from '../fuzz/random.ts';
import { RUN_ADDRESS, runCode } from '../src/cli-support/run-code.ts';
import { createEvm } from '../src/create-evm.ts';
import type { Evm } from '../src/evm.ts';
import { findOpcode } from '../src/opcodes.ts';
import { readPreState, type StateTest } from '../src/state-test/fixture.ts';
import { createEip3155Tracer } from '../src/trace/eip3155.ts';

const CASES = 120;
const SEED = 3_155;
const GAS_LIMIT = 150_000n;
const BLOCK = { number: 3n, timestamp: 900n, gasLimit: 36_000_000n, baseFee: 9n, blobBaseFee: 1n };
const CALLER = new Uint8Array(20).fill(0xca);

/** Depth, program counter, opcode. */
const IS_STOP = /^\d+ \d+ 0 /;

interface Line {
  readonly pc: number;
  readonly op: number;
  readonly gas: string;
  readonly gasCost: string;
  readonly depth: number;
  readonly stack: readonly string[];
  readonly opName: string;
  readonly error?: string;
}

function ourSteps(evm: Evm, fixture: StateTest, to: Uint8Array): string[] {
  const lines: Line[] = [];
  const tracer = createEip3155Tracer((line) => lines.push(JSON.parse(line) as Line));
  const state = readPreState(fixture);
  evm.trace(state, { from: CALLER, to, gasLimit: GAS_LIMIT, block: BLOCK }, tracer);
  return lines.map(({ pc, op, gas, depth, stack }) => {
    // EthereumJS shows every undefined byte as INVALID.
    const known = findOpcode('osaka', op) === undefined ? 0xfe : op;
    return `${depth} ${pc} ${known} ${Number(gas)} ${stack.join(' ')}`;
  });
}

async function theirSteps(fixture: StateTest, to: Uint8Array): Promise<string[]> {
  const common = new Common({ chain: Mainnet, hardfork: 'osaka', customCrypto: { kzg: KZG_STUB } });
  const stateManager = new SimpleStateManager({ common });
  for (const [key, { nonce, balance, code, storage }] of Object.entries(fixture.pre)) {
    const address = createAddressFromString(key);
    await stateManager.putAccount(address, new Account(BigInt(nonce), BigInt(balance)));
    if (code !== '0x') await stateManager.putCode(address, hexToBytes(code as `0x${string}`));
    for (const [slot, value] of Object.entries(storage)) {
      const word = (text: string) => BigInt(text).toString(16).padStart(64, '0');
      const bytes = hexToBytes(`0x${word(value)}`);
      await stateManager.putStorage(address, hexToBytes(`0x${word(slot)}`), bytes);
    }
  }
  const evm = await createEVM({ common, stateManager });
  // What a transaction would have warmed.
  const warm = [CALLER, to, new Uint8Array(20)].map((each) => Buffer.from(each).toString('hex'));
  for (const address of [...warm, ...evm.precompiles.keys()]) {
    evm.journal.addAlwaysWarmAddress(address);
  }
  const steps: string[] = [];
  evm.events?.on('step', (step, next) => {
    const { pc, opcode, gasLeft, depth, stack } = step;
    const items = stack.map((item) => `0x${item.toString(16)}`).join(' ');
    steps.push(`${depth + 1} ${pc} ${opcode.code} ${gasLeft} ${items}`);
    next?.();
  });
  const { number, timestamp, gasLimit, baseFee } = BLOCK;
  const header = { number, timestamp, gasLimit, baseFeePerGas: baseFee, excessBlobGas: 0n };
  const block = createBlock({ header }, { common, skipConsensusFormatValidation: true });
  const caller = new Address(CALLER);
  await evm.runCall({ caller, to: new Address(to), gasLimit: GAS_LIMIT, block });
  return steps;
}

test('traces show the steps, gas and stacks that EthereumJS shows', async () => {
  const evm = await createEvm({ fork: 'osaka' });
  let compared = 0;
  for (let index = 0; index < CASES; index++) {
    const { forkName, test: fixture } = generateCase(createRandom(SEED, index), `trace ${index}`);
    const [to] = Object.entries(fixture.pre).find(([, { code }]) => code.length > 100) ?? [];
    if (forkName !== 'Osaka' || to === undefined) continue;
    const address = hexToBytes(to as `0x${string}`);
    const ours = ourSteps(evm, fixture, address);
    const theirs = await theirSteps(fixture, address);
    let at = 0;
    for (const step of theirs) {
      // The STOP behind the end of code: geth shows it, EthereumJS does not.
      if (ours[at] !== step && IS_STOP.test(ours[at] ?? '')) at++;
      assert.equal(ours[at], step, `case ${index}, step ${at}`);
      at++;
    }
    assert(ours.slice(at).every((step) => IS_STOP.test(step)));
    compared += theirs.length;
  }
  assert(compared > 2_000, `only ${compared} steps`);
});

test('costs add up to the gas used, and a failing opcode says why', async () => {
  const evm = await createEvm({ fork: 'osaka' });
  const lines: string[] = [];
  // PUSH1 1, PUSH1 2, ADD, PUSH0, MSTORE, POP on an empty stack
  const code = hexToBytes('0x60016002015f5250');
  const onTraceLine = (line: string) => lines.push(line);
  const result = runCode(evm, { code, gasLimit: 1_000n, onTraceLine });
  assert.equal(result.halt, 'stack-underflow');
  const summary = JSON.parse(lines.pop() ?? '') as { gasUsed: string; pass: boolean; fork: string };
  assert.deepEqual(summary, { output: '0x', gasUsed: '0x3e8', pass: false, fork: 'osaka' });
  const steps = lines.map((line) => JSON.parse(line) as Line);
  assert.deepEqual(
    steps.map(({ opName, gasCost }) => [opName, Number(gasCost)]),
    [
      ['PUSH1', 3],
      ['PUSH1', 3],
      ['ADD', 3],
      ['PUSH0', 2],
      ['MSTORE', 6],
      ['POP', 983],
    ],
  );
  assert.equal(steps.at(-1)?.error, 'stack-underflow');
  const total = steps.reduce((sum, { gasCost }) => sum + Number(gasCost), 0);
  assert.equal(total, 1_000);
});

test('gas handed on is a part of what a call costs', async () => {
  const evm = await createEvm({ fork: 'osaka' });
  const lines: Line[] = [];
  const tracer = createEip3155Tracer((line) => lines.push(JSON.parse(line) as Line));
  const state = readPreState({ ...EMPTY_TEST });
  // Calls itself with 5,000 gas when it was called from outside, which is when CALLDATASIZE is 0.
  const code = hexToBytes('0x3660115760015f5f60015f5f30611388f15b00');
  state.setCode(RUN_ADDRESS, code);
  state.setAccount(RUN_ADDRESS, { balance: 1n });
  const { gasUsed } = evm.trace(state, { to: RUN_ADDRESS, gasLimit: 50_000n }, tracer);
  const call = lines.find(({ opName }) => opName === 'CALL');
  const inner = lines.filter(({ depth }) => depth === 2);
  assert(inner.length > 0, 'the inner frame ran');
  assert(Number(call?.gasCost) >= 5_000);
  assert(gasUsed < Number(call?.gasCost) + 1_000);
});

const EMPTY_TEST: StateTest = {
  name: 'empty',
  env: { currentNumber: '0x1' },
  pre: {},
  transaction: { nonce: '0x0', gasLimit: [], value: [], data: [], to: '' },
  post: {},
};
