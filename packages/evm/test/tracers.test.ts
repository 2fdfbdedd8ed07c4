import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexToBytes } from '@noble/hashes/utils.js';
import { createProgram } from '../fuzz/program.ts';
import { createEvm } from '../src/create-evm.ts';
import type { Evm } from '../src/evm.ts';
import { createMemoryState, type MemoryState } from '../src/state/memory-state.ts';
import { createCallTracer } from '../src/trace/call-tracer.ts';
import { createStructLogger } from '../src/trace/struct-logger.ts';

const OUTER = new Uint8Array(20).fill(0x0a);
const INNER = new Uint8Array(20).fill(0x0b);
const CALLER = new Uint8Array(20).fill(0xca);
const REQUEST = { from: CALLER, to: OUTER, gasLimit: 200_000n } as const;
const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;
const address = (bytes: Uint8Array): bigint => BigInt(hex(bytes));

/** Calls INNER with value 1, keeps in slot 7 whether that succeeded, then calls it statically. */
function outerCode(): Uint8Array {
  const program = createProgram();
  for (const word of [0, 0, 0, 0, 1]) program.push(word);
  program.push(address(INNER));
  program.push(30_000);
  program.op('CALL');
  program.push(7);
  program.op('SSTORE');
  for (const word of [0, 0, 0, 0]) program.push(word);
  program.push(address(INNER));
  program.push(20_000);
  program.op('STATICCALL');
  program.push(7);
  program.op('SLOAD');
  program.op('STOP');
  return program.finish();
}

/** Reverts with Error("no"). */
function innerCode(): Uint8Array {
  const program = createProgram();
  const text = '6e6f'.padEnd(64, '0');
  const data = `08c379a0${'20'.padStart(64, '0')}${'2'.padStart(64, '0')}${text}`;
  for (let index = 0; 64 * index < data.length; index++) {
    const part = data.slice(64 * index, 64 * index + 64).padEnd(64, '0');
    program.push(BigInt(`0x${part}`), 32);
    program.push(32 * index);
    program.op('MSTORE');
  }
  program.push(data.length / 2);
  program.push(0);
  program.op('REVERT');
  return program.finish();
}

async function setUp(): Promise<{ readonly evm: Evm; readonly state: MemoryState }> {
  const evm = await createEvm({ fork: 'osaka' });
  const state = createMemoryState();
  state.setCode(OUTER, outerCode());
  state.setAccount(OUTER, { balance: 5n });
  state.setCode(INNER, innerCode());
  return { evm, state };
}

test('the call tracer shows the tree of calls with values, errors and reasons', async () => {
  const { evm, state } = await setUp();
  const tracer = createCallTracer();
  const { gasUsed } = evm.trace(state, REQUEST, tracer);
  const outermost = tracer.result();
  assert.equal(outermost?.type, 'CALL');
  assert.equal(outermost.from, hex(CALLER));
  assert.equal(outermost.to, hex(OUTER));
  assert.equal(BigInt(outermost.gasUsed), gasUsed);
  assert.equal(outermost.error, undefined);
  const [first, second] = outermost.calls ?? [];
  assert.equal(outermost.calls?.length, 2);
  assert.equal(first?.type, 'CALL');
  assert.equal(first.value, '0x1');
  assert.equal(Number(first.gas), 30_000 + 2_300);
  assert.equal(first.error, 'execution reverted');
  assert.equal(first.revertReason, 'no');
  assert.equal(first.output?.length, 2 + 2 * 100);
  assert.equal(second?.type, 'STATICCALL');
  assert.equal(second.value, undefined);
  assert.equal(Number(second.gas), 20_000);
});

test('onlyTopCall leaves the calls out', async () => {
  const { evm, state } = await setUp();
  const tracer = createCallTracer({ onlyTopCall: true });
  evm.trace(state, REQUEST, tracer);
  assert.equal(tracer.result()?.calls, undefined);
});

test('creations and self-destructs are frames too', async () => {
  const { evm, state } = await setUp();
  const tracer = createCallTracer();
  // Init code: ADDRESS, SELFDESTRUCT.
  const data = hexToBytes('30ff');
  evm.trace(state, { from: CALLER, to: undefined, data, gasLimit: 100_000n }, tracer);
  const made = tracer.result();
  assert.equal(made?.type, 'CREATE');
  assert.equal(made.input, '0x30ff');
  assert.equal(made.calls?.[0]?.type, 'SELFDESTRUCT');
  assert.equal(made.calls[0].from, made.to);
});

test('the struct logger shows storage, stack and costs; options leave parts out', async () => {
  const { evm, state } = await setUp();
  const logger = createStructLogger({ enableMemory: true, enableReturnData: true });
  evm.trace(state, REQUEST, logger);
  const outer = logger.logs.filter(({ depth }) => depth === 1);
  const slot = '7'.padStart(64, '0');
  const stored = outer.find(({ op }) => op === 'SSTORE');
  assert.deepEqual(stored?.storage, { [slot]: '0'.repeat(64) });
  assert.equal(stored.returnData?.length, 2 + 2 * 100);
  const read = outer.find(({ op }) => op === 'SLOAD');
  assert.deepEqual(read?.storage, { [slot]: '0'.repeat(64) });
  assert.equal(read.gasCost, 100);
  const call = outer.find(({ op }) => op === 'CALL');
  assert.equal(call?.gasCost, 2_600 + 9_000 + 30_000);
  const failed = logger.logs.find(({ op }) => op === 'REVERT');
  assert.equal(failed?.error, 'execution reverted');
  assert.equal(failed.memory?.length, 4);

  const bare = createStructLogger({ disableStack: true, disableStorage: true, limit: 3 });
  evm.trace(state, REQUEST, bare);
  assert.equal(bare.logs.length, 3);
  assert.equal(bare.logs[0]?.stack, undefined);
  assert.equal(bare.logs[0]?.memory, undefined);
});
