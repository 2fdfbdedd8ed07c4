/**
 * Code runs translated: whole blocks are checked at once and opcodes joined. Traced code runs
 * opcode by opcode. Both must agree in every way, for any bytes, any gas and every fork.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEvm } from '../src/create-evm.ts';
import type { Evm } from '../src/evm.ts';
import { OPCODES } from '../src/opcodes.ts';
import type { CallResult, Fork } from '../src/types.ts';
import { CALLER, CONTRACT, push, stateWith, word } from './support/machine.ts';

/** Pieces that make code likely to go on for a while. */
const piece: fc.Arbitrary<readonly number[]> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...OPCODES.map(({ code }) => [code])) },
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 40 }).map((n) => push(BigInt(n))) },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map(push) },
  { weight: 2, arbitrary: fc.constant([0x5b]) },
  // A jump over or back by way of a JUMPDEST that may be there.
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 60 }), fc.constantFrom(0x56, 0x57))
      .map(([to, op]) => [0x60, to, op]),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      [0x15, 0x60, 9, 0x57],
      [0x10, 0x60, 9, 0x57],
      [0x14, 0x15, 0x60, 9, 0x57],
    ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }).map((byte) => [byte]) },
  // CALL, DELEGATECALL, STATICCALL of itself with little gas; CREATE of memory.
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

/** All that consensus knows: of failures only that they took all gas, and that a revert did not. */
function inConsensus(result: CallResult): object {
  const { reads: _, halt, ...rest } = result;
  return { ...rest, end: halt === undefined || halt === 'revert' ? halt : 'exception' };
}

/**
 * A frame that fails may fail earlier when translated: the block has paid for all its opcodes, so a
 * cold slot in it can be one too many where, opcode by opcode, a later opcode fails, perhaps for
 * another reason. Nothing depends on what was read between the two.
 */
function assertReadsNoMore(run: CallResult, traced: CallResult): void {
  const key = (part: Uint8Array): string => Buffer.from(part).toString('hex');
  const known = new Set(traced.reads.accounts.map(key));
  assert(run.reads.accounts.every((address) => known.has(key(address))));
  const slots = new Set(traced.reads.slots.map(({ address, slot }) => key(address) + key(slot)));
  assert(run.reads.slots.every(({ address, slot }) => slots.has(key(address) + key(slot))));
}

async function compare(fork: Fork, numRuns: number): Promise<void> {
  const evm: Evm = await createEvm({ fork });
  const code = fc.array(piece, { maxLength: 60 }).map((pieces) => Uint8Array.from(pieces.flat()));
  // Seeds the stack, so that not everything underflows at once.
  const seeded = fc.tuple(fc.array(fc.integer({ min: 0, max: 64 }), { maxLength: 12 }), code);
  const gas = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 100_000 }));
  fc.assert(
    fc.property(seeded, gas, fc.uint8Array({ maxLength: 70 }), ([stack, body], gasLimit, data) => {
      const state = stateWith({
        0xc0de: Uint8Array.from([...stack.flatMap((n) => [0x60, n]), ...body]),
      });
      state.setStorage(CONTRACT, word(1n), word(5n));
      const request = { from: CALLER, to: CONTRACT, data, gasLimit: BigInt(gasLimit) };
      const run = evm.call(state, request);
      const steps: number[] = [];
      const traced = evm.trace(state, request, { onStep: ({ pc }) => steps.push(pc) });
      assert.deepEqual(inConsensus(run), inConsensus(traced));
      if (run.halt === undefined) assert.deepEqual(run.reads, traced.reads);
      else assertReadsNoMore(run, traced);
    }),
    { numRuns },
  );
}

test('a cold slot in a block that is paid for to the last unit of gas', async () => {
  const evm = await createEvm({ fork: 'osaka' });
  // PUSH1 0, SLOAD, PUSH1 9, PUSH0, PUSH0, CREATE: 32,110 gas without the cold price.
  const state = stateWith({ 0xc0de: Uint8Array.of(0x60, 0, 0x54, 0x60, 9, 0x5f, 0x5f, 0xf0) });
  const request = { from: CALLER, to: CONTRACT, gasLimit: 32_110n };
  const run = evm.call(state, request);
  const traced = evm.trace(state, request, { onStep: () => {} });
  assert.equal(run.halt, 'out-of-gas');
  assert.deepEqual(inConsensus(run), inConsensus(traced));
  assertReadsNoMore(run, traced);
});

test('any code gives the same run translated and traced: Osaka', () => compare('osaka', 3_000));
test('any code gives the same run translated and traced: older forks', async () => {
  for (const fork of [
    'frontier',
    'tangerineWhistle',
    'constantinople',
    'istanbul',
    'london',
  ] as const) {
    await compare(fork, 400);
  }
});
