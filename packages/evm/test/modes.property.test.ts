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
import type { Fork } from '../src/types.ts';
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
      // A block that cannot be paid for runs opcode by opcode too: even what was read is the same.
      assert.deepEqual(run, traced);
    }),
    { numRuns },
  );
}

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
