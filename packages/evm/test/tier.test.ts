import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEvm } from '../src/create-evm.ts';
import type { Evm } from '../src/evm.ts';
import { compileNow } from '../src/jit/compile.ts';
import { generateModule } from '../src/jit/generate.ts';
import { opcodeFacts } from '../src/jit/opcode-facts.ts';
import type { Compile, CompileJob, TierDifference, TierOptions } from '../src/jit/types.ts';
import type { CallResult, StateReader } from '../src/types.ts';
import {
  address,
  assemble,
  CALLER,
  CONTRACT,
  type Part,
  RETURN_TOP,
  runCode,
  stateWith,
  toNumber,
  word,
} from './support/machine.ts';

const OFF = { sampleEvery: 0, sampleFirst: 0 };

function createTiered(tier: TierOptions): Promise<Evm> {
  return createEvm({ fork: 'osaka', engine: 'tiered', tier: { hotGas: 0n, ...tier } });
}

function call(evm: Evm, state: StateReader, data = word(0n), gasLimit = 1_000_000n): CallResult {
  return evm.call(state, { from: CALLER, to: CONTRACT, data, gasLimit });
}

/** Parts from words: numbers are pushed, `x:` places a label, `@x` pushes it. */
function parse(text: string): Part[] {
  return text.split(' ').map((each) => {
    if (/^\d/.test(each)) return BigInt(each);
    if (each.endsWith(':')) return { label: each.slice(0, -1) };
    return each.startsWith('@') ? { goto: each.slice(1) } : each;
  });
}

/** Adds up the numbers from the call data's down to 1, and notes the sum plus 1 in slot 0. */
const SUM: readonly Part[] = [
  ...parse(
    '1 0 CALLDATALOAD turn: DUP1 ISZERO @end JUMPI DUP1 SWAP2 ADD SWAP1 1 SWAP1 SUB @turn JUMP',
  ),
  ...parse('end: POP DUP1 0 SSTORE'),
  ...RETURN_TOP,
];

test('code runs generated once it is hot, and in the interpreter before', async () => {
  const evm = await createTiered({ ...OFF, hotGas: 50_000n, compile: compileNow });
  const state = stateWith({ 0xc0de: assemble(...SUM) });
  const reference = await createEvm({ fork: 'osaka' });
  assert.equal(reference.tier, undefined);
  const expected = call(reference, state, word(400n));
  assert.ok(expected.gasUsed > 25_000n && expected.gasUsed < 50_000n);
  const runsAfter = [1, 2, 3, 4].map(() => {
    assert.deepEqual(call(evm, state, word(400n)).output, expected.output);
    assert.equal(call(evm, state, word(400n)).gasUsed, expected.gasUsed);
    return evm.tier?.runs;
  });
  assert.deepEqual(runsAfter, [0, 2, 4, 6]);
});

test('code is generated on a thread in the background and put to use between calls', async () => {
  const evm = await createTiered(OFF);
  const state = stateWith({ 0xc0de: assemble(...SUM) });
  const first = call(evm, state, word(9n));
  assert.deepEqual([evm.tier?.installed, evm.tier?.pending, evm.tier?.runs], [0, 1, 0]);
  call(evm, state, word(9n));
  assert.equal(evm.tier?.pending, 1, 'asked for once');
  await evm.tier?.settled();
  assert.deepEqual([evm.tier?.installed, evm.tier?.pending], [1, 0]);
  const second = call(evm, state, word(9n));
  assert.equal(evm.tier?.runs, 1);
  assert.deepEqual(second.output, first.output);
  assert.equal(second.gasUsed, first.gasUsed);
  assert.deepEqual(second.changes, first.changes);
});

test('the engine interpreter generates nothing, also when told how', async () => {
  const compile: Compile = () => assert.fail('asked for code');
  const evm = await createEvm({
    fork: 'osaka',
    engine: 'interpreter',
    tier: { hotGas: 0n, compile },
  });
  call(evm, stateWith({ 0xc0de: assemble(...SUM) }), word(9n));
  assert.equal(evm.tier, undefined);
});

test('init code and code given with the call are never generated', async () => {
  const asked: CompileJob[] = [];
  const evm = await createTiered({
    ...OFF,
    compile: (job) => {
      asked.push(job);
      return compileNow(job);
    },
  });
  runCode(evm, assemble(...SUM), { data: word(9n) });
  // The init code returns one byte, STOP.
  const created = runCode(evm, assemble(), { to: undefined, data: assemble(1n, 0n, 'RETURN') });
  assert.equal(created.halt, undefined);
  assert.deepEqual(asked, []);
});

test('what cannot be generated stays with the interpreter', async () => {
  for (const compile of [
    () => undefined,
    () => Promise.resolve(undefined),
    () => Promise.reject(new Error('no')),
    () => {
      throw new Error('no');
    },
  ] as Compile[]) {
    const evm = await createTiered({ ...OFF, compile });
    const state = stateWith({ 0xc0de: assemble(...SUM) });
    call(evm, state, word(9n));
    await evm.tier?.settled();
    assert.equal(toNumber(call(evm, state, word(9n)).output), 46n);
    assert.deepEqual([evm.tier?.installed, evm.tier?.pending, evm.tier?.runs], [0, 0, 0]);
  }
});

test('beyond the bound the least recently used code goes, and comes back when hot', async () => {
  const evm = await createTiered({ ...OFF, compile: compileNow, modulesMax: 3 });
  const numbers = [1001, 1002, 1003, 1004, 1005];
  const state = stateWith(
    Object.fromEntries(numbers.map((n) => [n, assemble(BigInt(n), ...RETURN_TOP)])),
  );
  const ask = (n: number): bigint =>
    toNumber(evm.call(state, { from: CALLER, to: address(n), gasLimit: 100_000n }).output);
  for (const n of numbers) assert.equal(ask(n), BigInt(n));
  assert.deepEqual([evm.tier?.installed, evm.tier?.evicted], [3, 2]);
  for (const n of [1003, 1004, 1005]) assert.equal(ask(n), BigInt(n));
  assert.equal(evm.tier?.evicted, 2, 'those are still there');
  assert.equal(ask(1001), 1001n);
  assert.equal(evm.tier?.evicted, 3);
  assert.equal(evm.tier?.runs, 9, 'every frame ran generated code');
});

test('bytes of generated code are bounded too', async () => {
  const code = assemble(...SUM);
  const bytes = generateModule('osaka', code)?.length ?? 0;
  const bounds = { moduleBytesMax: bytes + 100 };
  const evm = await createTiered({ ...OFF, compile: compileNow, ...bounds });
  const state = stateWith({ 0xc0de: code, 0x1007: assemble(0n, 'POP', ...SUM) });
  call(evm, state);
  evm.call(state, { from: CALLER, to: address(0x1007), gasLimit: 100_000n });
  assert.deepEqual([evm.tier?.installed, evm.tier?.evicted], [1, 1]);
  assert.ok((evm.tier?.bytes ?? Infinity) <= bounds.moduleBytesMax);
  const none = await createTiered({ ...OFF, compile: compileNow, moduleBytesMax: 100 });
  call(none, state);
  assert.equal(none.tier?.installed, 0);
});

test('code of an open frame is not dropped for what it calls', async () => {
  const evm = await createTiered({ ...OFF, compile: compileNow, modulesMax: 1 });
  const ask = parse('32 0 0 0 0 4103 GAS CALL POP 0 MLOAD');
  const state = stateWith({
    0xc0de: assemble(...ask, ...ask, 'ADD', ...RETURN_TOP),
    0x1007: assemble(21n, ...RETURN_TOP),
  });
  for (let turn = 0; turn < 3; turn++) assert.equal(toNumber(call(evm, state).output), 42n);
  assert.equal(evm.tier?.installed, 1);
});

// ---- sampling ----

/** Generates with a fault in the figures of the opcodes, or in the code itself. */
function faulty(fault: {
  gas?: readonly [number, number];
  swap?: readonly [number, number];
}): Compile {
  return (job) => {
    const facts = opcodeFacts(job.fork);
    const gas = facts.gas.slice();
    if (fault.gas !== undefined) gas[fault.gas[0]] = fault.gas[1];
    const [from, to] = fault.swap ?? [0, 0];
    const code = job.code.map((byte) => (byte === from ? to : byte));
    const bytes = generateModule(job.fork, code, { facts: { ...facts, gas } });
    return bytes && { module: new WebAssembly.Module(bytes), bytes: bytes.length };
  };
}

/** Notes in slot 1 whether the call data is below 0 as a signed number, logs and returns it. */
const SIGNED: readonly Part[] = [
  ...parse('0 0 CALLDATALOAD SLT DUP1 1 SSTORE DUP1 0 MSTORE 9 32 0 LOG1'),
  ...RETURN_TOP,
];

const DIFFERENCE: readonly Part[] = [5n, 0n, 'CALLDATALOAD', 'SUB', ...RETURN_TOP];

test('samples find a seeded fault of the generator, and its result is not used', async () => {
  const faults: Record<string, { compile: Compile; parts: readonly Part[] }> = {
    'gas of ADD': { compile: faulty({ gas: [0x01, 4] }), parts: SUM },
    'gas of JUMPI': { compile: faulty({ gas: [0x57, 9] }), parts: SUM },
    'SLT compares unsigned': { compile: faulty({ swap: [0x12, 0x10] }), parts: SIGNED },
    'SUB adds': { compile: faulty({ swap: [0x03, 0x18] }), parts: DIFFERENCE },
    'SSTORE to transient storage': { compile: faulty({ swap: [0x55, 0x5d] }), parts: SUM },
    'LOG0 for LOG1': { compile: faulty({ swap: [0xa1, 0xa0] }), parts: SIGNED },
    'RETURN reverts': { compile: faulty({ swap: [0xf3, 0xfd] }), parts: SUM },
  };
  const interpreter = await createEvm({ fork: 'osaka' });
  for (const [name, { compile, parts }] of Object.entries(faults)) {
    const found: TierDifference[] = [];
    const evm = await createTiered({ compile, onDifference: (each) => found.push(each) });
    const state = stateWith({ 0xc0de: assemble(...parts) });
    const data = word(parts === SUM ? 30n : 2n ** 256n - 5n);
    const request = { from: CALLER, to: CONTRACT, data, gasLimit: 100_000n };
    assert.deepEqual(evm.call(state, request), interpreter.call(state, request), name);
    assert.equal(found.length, 1, name);
    assert.deepEqual(found[0]?.request.data, data);
    assert.equal(found[0]?.codeHashes.length, 1);
    assert.deepEqual([evm.tier?.installed, evm.tier?.disabled], [0, 1], name);
    const { runs } = evm.tier ?? {};
    assert.deepEqual(evm.call(state, request), interpreter.call(state, request), name);
    assert.equal(evm.tier?.runs, runs, `${name}: not used any more`);
    assert.equal(found.length, 1);
  }
});

test('of several codes the faulty one is found', async () => {
  const found: TierDifference[] = [];
  const wrong = faulty({ swap: [0x03, 0x01] });
  const compile: Compile = (job) => (job.code.includes(0x03) ? wrong(job) : compileNow(job));
  const evm = await createTiered({ compile, onDifference: (each) => found.push(each) });
  const state = stateWith({
    0xc0de: assemble(
      32n,
      0n,
      0n,
      0n,
      0n,
      0x1007n,
      'GAS',
      'CALL',
      'POP',
      0n,
      'MLOAD',
      ...RETURN_TOP,
    ),
    0x1007: assemble(3n, 10n, 'SUB', ...RETURN_TOP),
  });
  assert.equal(toNumber(call(evm, state).output), 7n);
  assert.deepEqual([found[0]?.codeHashes.length, evm.tier?.installed], [1, 1]);
  assert.equal(toNumber(call(evm, state).output), 7n);
  assert.equal(evm.tier?.runs, 2, 'the other is still in use');
});

test('generated code that traps is put out of use, and the interpreter answers', async () => {
  // A module whose `enter` is an unreachable instruction.
  const hex =
    '0061736d01000000010801 60037f7f7e017f 03020100 0709010565 6e7465720000 0a0501030000 0b';
  const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  const found: TierDifference[] = [];
  const evm = await createTiered({
    ...OFF,
    compile: () => ({ module: new WebAssembly.Module(bytes), bytes: bytes.length }),
    onDifference: (each) => found.push(each),
  });
  const state = stateWith({ 0xc0de: assemble(...SUM) });
  assert.equal(toNumber(call(evm, state, word(9n)).output), 46n);
  assert.equal(found.length, 1);
  assert.equal(found[0]?.tiered, undefined);
  assert.equal(evm.tier?.disabled, 1);
});

test('which runs are checked follows from their number alone', async () => {
  const evm = await createTiered({ compile: compileNow, sampleEvery: 5, sampleFirst: 2 });
  const state = stateWith({ 0xc0de: assemble(...SUM) });
  const sampled = Array.from({ length: 12 }, () => {
    call(evm, state, word(3n));
    return evm.tier?.sampled;
  });
  assert.deepEqual(sampled, [1, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4]);
  assert.equal(evm.tier?.differences, 0);
});

test('what a host throws ends the call in either tier, and the engine goes on', async () => {
  const evm = await createTiered({ ...OFF, compile: compileNow });
  const state = stateWith({ 0xc0de: assemble(0n, 'SLOAD', ...RETURN_TOP) });
  const failing: StateReader = {
    readAccount: (account) => state.readAccount(account),
    readCode: (hash) => state.readCode(hash),
    blockHash: (number) => state.blockHash(number),
    readStorage: () => {
      throw new RangeError('no disk');
    },
  };
  assert.equal(call(evm, state).halt, undefined);
  assert.throws(() => call(evm, failing), /no disk/);
  assert.equal(call(evm, state).halt, undefined);
  assert.equal(evm.tier?.disabled, 0);
});

test('generated code works on shared memory', async () => {
  const sharedMemory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
  const options = { fork: 'osaka', engine: 'tiered', sharedMemory } as const;
  const evm = await createEvm({ ...options, tier: { ...OFF, hotGas: 0n, compile: compileNow } });
  const state = stateWith({ 0xc0de: assemble(...SUM) });
  assert.equal(toNumber(call(evm, state, word(9n)).output), 46n);
  assert.equal(evm.tier?.runs, 1);
});

test('code beyond the bounds: empty, too long, many blocks, no jump at all', async () => {
  assert.equal(generateModule('osaka', new Uint8Array(0)), undefined);
  assert.equal(generateModule('osaka', new Uint8Array(24_577)), undefined);
  const extremes: Record<string, Uint8Array> = {
    'only JUMPDEST': new Uint8Array(24_576).fill(0x5b),
    'only PUSH0': new Uint8Array(24_576).fill(0x5f),
    'only MULMOD': new Uint8Array(24_576).fill(0x09),
    'only MUL of call data': Uint8Array.from({ length: 24_576 }, (_, i) =>
      i < 2_000 ? ([0x5f, 0x35][i & 1] as number) : 0x02,
    ),
    'only SWAP16': new Uint8Array(24_576).fill(0x9f),
    'only JUMPI': new Uint8Array(24_576).fill(0x57),
    'only GAS and POP': Uint8Array.from(
      { length: 24_576 },
      (_, i) => [0x5a, 0x50][i & 1] as number,
    ),
    'PUSH32 cut off': Uint8Array.of(0x5b, 0x7f, 1),
  };
  const tiered = await createTiered({ ...OFF, compile: compileNow });
  const interpreter = await createEvm({ fork: 'osaka' });
  for (const [name, code] of Object.entries(extremes)) {
    const state = stateWith({ 0xc0de: code });
    for (const gas of [5n, 2_000n, 1_000_000n]) {
      const [a, b] = [tiered, interpreter].map((evm) => call(evm, state, word(3n), gas));
      assert.deepEqual(a, b, `${name}, gas ${gas}`);
    }
  }
  assert.equal(tiered.tier?.installed, Object.keys(extremes).length);
});

test('no code is generated for an opcode that the generator does not know', async () => {
  const facts = opcodeFacts('osaka');
  const exists = facts.exists.slice();
  for (const unknown of [0x0c, 0x21, 0x4b, 0xb0, 0xfb]) {
    exists[unknown] = 1;
    const code = assemble(1n, 2n, Uint8Array.of(unknown));
    assert.throws(() => generateModule('osaka', code, { facts: { ...facts, exists } }), /opcode/);
    exists[unknown] = 0;
  }
});

test('a tracer sees every step also where generated code is in use', async () => {
  const evm = await createTiered({ ...OFF, compile: compileNow });
  const state = stateWith({ 0xc0de: assemble(...SUM) });
  const request = { from: CALLER, to: CONTRACT, data: word(3n), gasLimit: 100_000n };
  const plain = evm.call(state, request);
  assert.equal(evm.tier?.runs, 1);
  let steps = 0;
  const traced = evm.trace(state, request, {
    onStep: () => {
      steps++;
    },
  });
  assert.deepEqual(traced, plain);
  assert.ok(steps > 50);
  assert.equal(evm.tier?.runs, 1);
});

test('code made to become large is bounded in time and space, or left to the interpreter', () => {
  // Each piece is a target of its own and runs on into the next ones.
  const pieces: Record<string, readonly number[]> = {
    'JUMPDEST ADDRESS': [0x5b, 0x30],
    'JUMPDEST and a product of the stack': [0x5b, 0x02],
    'JUMPDEST and JUMPI': [0x5b, 0x80, 0x57],
    'JUMPDEST and items moved about': [0x5b, 0x9f, 0x9e, 0x9d, 0x9c, 0x57],
    'JUMPDEST and MLOAD': [0x5b, 0x51],
  };
  for (const [name, piece] of Object.entries(pieces)) {
    const code = Uint8Array.from({ length: 24_576 }, (_, i) => piece[i % piece.length] as number);
    const bytes = generateModule('osaka', code);
    assert.ok(bytes === undefined || bytes.length < code.length * 400, name);
    if (bytes !== undefined) assert.ok(WebAssembly.validate(bytes), name);
  }
});

test('jumps to where only the stack says: targets, data, past the end, above 64 bits', async () => {
  const tiered = await createTiered({ ...OFF, compile: compileNow });
  const interpreter = await createEvm({ fork: 'osaka' });
  for (const jump of ['0 CALLDATALOAD JUMP', '7 0 CALLDATALOAD JUMPI', '0 0 CALLDATALOAD JUMPI']) {
    // The end: a JUMPDEST as the last byte, behind one in the data of a push.
    const code = assemble(...parse(`1 ${jump}`), 0x5bn, ...parse('here: 2 0 SSTORE STOP last:'));
    const state = stateWith({ 0xc0de: code });
    const here = BigInt(code.indexOf(0x5b, code.indexOf(0x5b) + 1));
    const last = BigInt(code.length - 1);
    const targets = [here, last, here - 1n, last + 1n, last + 2n, 0n];
    for (const above of [32n, 63n, 64n, 128n, 192n, 255n]) targets.push(here + (1n << above));
    for (const target of targets) {
      const [a, b] = [tiered, interpreter].map((evm) => call(evm, state, word(target)));
      assert.deepEqual(a, b, `${jump} ${target}`);
    }
    const isTaken = !jump.startsWith('0 0');
    assert.equal(call(tiered, state, word(here)).halt, undefined);
    const wrong = call(tiered, state, word(here + (1n << 64n))).halt;
    assert.equal(wrong, isTaken ? 'invalid-jump' : undefined);
  }
});
