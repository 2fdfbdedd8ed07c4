/**
 * Generated code and the interpreter are the same machine: any code, any operands, any gas, every
 * fork. Everything is generated at its first frame here, and the tier's own checks are off.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FuzzCase, generateCase } from '../fuzz/generate-case.ts';
import { differences } from '../fuzz/outcome.ts';
import { createRandom } from '../fuzz/random.ts';
import { runOurs } from '../fuzz/run-ours.ts';
import { createEvm } from '../src/create-evm.ts';
import type { Evm } from '../src/evm.ts';
import { isSameOutcome } from '../src/jit/compare.ts';
import { compileNow } from '../src/jit/compile.ts';
import { OPCODES } from '../src/opcodes.ts';
import { FIXTURE_FORKS } from '../src/state-test/fixture.ts';
import type { CallResult, Fork } from '../src/types.ts';
import { assemble, CALLER, CONTRACT, push, stateWith, toNumber, word } from './support/machine.ts';

const TIER = { hotGas: 0n, compile: compileNow, sampleEvery: 0, sampleFirst: 0 };

async function createBoth(fork: Fork): Promise<{ tiered: Evm; interpreter: Evm }> {
  return {
    tiered: await createEvm({ fork, engine: 'tiered', tier: TIER }),
    interpreter: await createEvm({ fork }),
  };
}

function isSame(a: CallResult, b: CallResult): boolean {
  const outcome = (result: CallResult): Parameters<typeof isSameOutcome>[0] => ({
    result: { ...result, gasLeft: -result.gasUsed },
    logs: result.logs,
    changes: result.changes,
  });
  return isSameOutcome(outcome(a), outcome(b));
}

// ---- operations on words, with operands known to the generator and not ----

const EDGES: readonly bigint[] = [0, 1, 7, 8, 31, 32, 63, 64, 127, 128, 192, 255, 256].flatMap(
  (n) => [
    BigInt(n),
    2n ** BigInt(n % 256),
    2n ** BigInt(n % 256) - 1n,
    2n ** 256n - 1n - BigInt(n),
  ],
);
const operand = fc.oneof(
  fc.constantFrom(...EDGES),
  fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 0n, max: 2n ** 160n - 1n }),
  // Limbs of all zeros and all ones, where carries run through.
  fc
    .array(fc.constantFrom(0n, 1n, 2n ** 63n, 2n ** 64n - 1n), { minLength: 4, maxLength: 4 })
    .map((limbs) => limbs.reduce((sum, limb) => (sum << 64n) | limb, 0n)),
);
const WORD_OPCODES = OPCODES.filter(({ code }) => code > 0 && code < 0x20);

test('every operation on words gives what the interpreter gives', async () => {
  const { tiered, interpreter } = await createBoth('osaka');
  const opcode = fc.constantFrom(...WORD_OPCODES);
  const operands = fc.tuple(operand, operand, operand);
  // Which operands are constants in the code, and which come with the call.
  const known = fc.integer({ min: 0, max: 7 });
  // What is done to the result, so that the width of operands is known to the generator.
  const narrowed = fc.constantFrom(0n, 1n, 0xffn, 2n ** 32n - 1n, 2n ** 64n - 1n, 2n ** 160n - 1n);
  fc.assert(
    fc.property(opcode, operands, known, narrowed, ({ name, pops }, values, bits, mask) => {
      const ordered: (string | bigint)[] = [];
      for (let index = pops - 1; index >= 0; index--) {
        if (bits & (1 << index)) ordered.push(values[index] as bigint);
        else {
          ordered.push(BigInt(index * 32), 'CALLDATALOAD');
          if (mask !== 0n) ordered.push(mask, 'AND');
        }
      }
      const state = stateWith({
        0xc0de: assemble(...ordered, name, 0n, 'MSTORE', 32n, 0n, 'RETURN'),
      });
      const data = Buffer.concat(values.map((value) => word(value)));
      const request = { from: CALLER, to: CONTRACT, data, gasLimit: 100_000n };
      const [a, b] = [tiered.call(state, request), interpreter.call(state, request)];
      assert.equal(a.halt, undefined);
      assert.equal(toNumber(a.output), toNumber(b.output), `${name} of ${values}, mask ${mask}`);
      assert.equal(a.gasUsed, b.gasUsed);
    }),
    { numRuns: 3_000 },
  );
  assert.ok((tiered.tier?.runs ?? 0) >= 3_000);
});

/** Moves, masks and operations for an expression on a stack of eight words from the call data. */
const WIDTHS: readonly bigint[] = [1n, 8n, 16n, 31n, 32n, 33n, 63n, 64n, 65n, 128n, 160n];
const step: fc.Arbitrary<readonly (string | bigint)[]> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(...['ADD', 'MUL', 'SUB', 'AND', 'OR', 'XOR'].map((name) => [name])),
  },
  { weight: 3, arbitrary: fc.constantFrom(...WIDTHS).map((bits) => [2n ** bits - 1n, 'AND']) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...WIDTHS), fc.constantFrom('SHL', 'SHR', 'SAR'))
      .map(([bits, name]) => [bits, name]),
  },
  { weight: 2, arbitrary: operand.map((value) => [value]) },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 6 }).map((depth) => [`DUP${depth}`]),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 6 }).map((depth) => [`SWAP${depth}`]),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...WORD_OPCODES.filter(({ name }) => name !== 'EXP').map(({ name }) => [name]),
    ),
  },
  // Written to memory and read again, at a place that is known and one that is not.
  { weight: 1, arbitrary: fc.constantFrom([64n, 'MSTORE', 70n, 'MLOAD'], [255n, 'AND', 'MLOAD']) },
);

test('operations on the results of others give what the interpreter gives', async () => {
  const { tiered, interpreter } = await createBoth('osaka');
  const steps = fc.array(step, { minLength: 2, maxLength: 24 });
  const values = fc.array(operand, { minLength: 8, maxLength: 8 });
  const rest = ['ADD', 'MUL', 'ADD', 'MUL', 'ADD', 0n, 'MSTORE', 32n, 0n, 'RETURN'] as const;
  fc.assert(
    fc.property(steps, values, (parts, words) => {
      const fetch = words.flatMap((_, index) => [BigInt(index * 32), 'CALLDATALOAD']);
      // Eight more below, so that hardly anything underflows.
      const code = assemble(...fetch, ...fetch, ...parts.flat(), ...rest);
      const state = stateWith({ 0xc0de: code });
      const data = Buffer.concat(words.map((value) => word(value)));
      const request = { from: CALLER, to: CONTRACT, data, gasLimit: 100_000n };
      const [a, b] = [tiered.call(state, request), interpreter.call(state, request)];
      if (!isSame(a, b)) assert.deepEqual(a, b);
    }),
    { numRuns: 3_000 },
  );
});

test('memory at any offset, known to the generator or not', async () => {
  const { tiered, interpreter } = await createBoth('osaka');
  const offset = fc.oneof(operand, fc.bigInt({ min: 0n, max: 300n }));
  const name = fc.constantFrom('MLOAD', 'MSTORE', 'MSTORE8', 'KECCAK256', 'CALLDATACOPY');
  const access = fc.tuple(name, offset, fc.boolean());
  const accesses = fc.array(access, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(accesses, (list) => {
      const parts = list.flatMap(([name, at, isKnown], index): (string | bigint)[] => {
        const place = isKnown ? [at] : [BigInt(index * 32), 'CALLDATALOAD'];
        if (name === 'MLOAD') return [...place, name];
        if (name === 'CALLDATACOPY') return [9n, 1n, ...place, name];
        return [name === 'KECCAK256' ? 40n : 2n ** 200n + 77n, ...place, name];
      });
      // Memory of 96 bytes is there before; the end returns all of it.
      const code = assemble(5n, 64n, 'MSTORE', ...parts, 'MSIZE', 0n, 'RETURN');
      const state = stateWith({ 0xc0de: code });
      const data = Buffer.concat(list.map(([, at]) => word(at)));
      const request = { from: CALLER, to: CONTRACT, data, gasLimit: 50_000n };
      const [a, b] = [tiered.call(state, request), interpreter.call(state, request)];
      if (!isSame(a, b)) assert.deepEqual(a, b);
    }),
    { numRuns: 1_500 },
  );
});

// ---- any code ----

const piece: fc.Arbitrary<readonly number[]> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...OPCODES.map(({ code }) => [code])) },
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 70 }).map((n) => push(BigInt(n))) },
  { weight: 2, arbitrary: operand.map(push) },
  { weight: 3, arbitrary: fc.constant([0x5b]) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 90 }), fc.constantFrom(0x56, 0x57))
      .map(([to, op]) => [0x60, to, op]),
  },
  // A jump to where the stack says, mostly to a JUMPDEST; GAS and SSTORE amid a block.
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      [0x60, 12, 0x35, 0x56],
      [0x80, 0x57],
      [0x5a, 0x5a, 0x55],
      [0x5a, 0x90, 0x50],
      [0x81, 0x52],
      [0x51, 0x90, 0x51],
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      [0x5f, 0x5f, 0x60, 32, 0x5f, 0x5f, 0x30, 0x61, 1, 0, 0xf1],
      [0x60, 32, 0x5f, 0x5f, 0x5f, 0x30, 0x61, 1, 0, 0xf4],
      [0x60, 32, 0x5f, 0x60, 8, 0x5f, 0x30, 0x61, 1, 0, 0xfa],
      [0x60, 9, 0x5f, 0x5f, 0xf0],
    ),
  },
);

async function compareAnyCode(fork: Fork, numRuns: number): Promise<void> {
  const { tiered, interpreter } = await createBoth(fork);
  const code = fc.array(piece, { maxLength: 70 }).map((pieces) => pieces.flat());
  const seeds = fc.array(fc.integer({ min: 0, max: 64 }), { maxLength: 16 });
  const gas = fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 60_000 }));
  fc.assert(
    fc.property(seeds, code, gas, fc.uint8Array({ maxLength: 70 }), (stack, body, limit, data) => {
      const state = stateWith({
        0xc0de: Uint8Array.from([...stack.flatMap((n) => [0x60, n]), ...body]),
      });
      state.setStorage(CONTRACT, word(1n), word(5n));
      const request = { from: CALLER, to: CONTRACT, data, gasLimit: BigInt(limit) };
      const [a, b] = [tiered.call(state, request), interpreter.call(state, request)];
      if (!isSame(a, b)) assert.deepEqual(a, b);
    }),
    { numRuns },
  );
}

test('any code gives the same run: Osaka', () => compareAnyCode('osaka', 3_000));
test('any code gives the same run: older forks', async () => {
  for (const fork of ['frontier', 'spuriousDragon', 'istanbul', 'london'] as const) {
    await compareAnyCode(fork, 300);
  }
});

// ---- code that gets somewhere ----

test('structured programs of the fuzzer give the same', async () => {
  const engines = new Map<Fork, { tiered: Evm; interpreter: Evm }>();
  for (let index = 0; index < 800; index++) {
    const one: FuzzCase = generateCase(createRandom(20_261_120, index), `tiers-${index}`);
    const fork = FIXTURE_FORKS[one.forkName] ?? 'osaka';
    const both = engines.get(fork) ?? (await createBoth(fork));
    engines.set(fork, both);
    const found = differences(runOurs(both.tiered, one), runOurs(both.interpreter, one));
    assert.deepEqual(found, [], `case ${index} of ${one.forkName}`);
  }
});
