import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEvm } from '../src/create-evm.ts';
import { assemble, type Part, runCode, toHex, WORD_MAX, word } from './support/machine.ts';
import { EDGES, MODEL } from './support/word-model.ts';

const evm = await createEvm({ fork: 'osaka' });

/** Runs one opcode on many operand lists in one call; the results one after another. */
function runAll(name: string, lists: readonly (readonly bigint[])[]): string {
  const parts: Part[] = [];
  lists.forEach((operands, index) => {
    parts.push(...[...operands].reverse(), name, BigInt(index * 32), 'MSTORE');
  });
  parts.push(BigInt(lists.length * 32), 0n, 'RETURN');
  const result = runCode(evm, assemble(...parts), { gasLimit: 10n ** 9n });
  assert.equal(result.halt, undefined);
  return toHex(result.output);
}

function expectAll(name: string, lists: readonly (readonly bigint[])[]): void {
  const model = MODEL[name];
  assert.ok(model);
  const got = runAll(name, lists);
  lists.forEach((operands, index) => {
    const expected = toHex(word(model(...operands)));
    const shown = `${name}(${operands.map((each) => `0x${each.toString(16)}`).join(', ')})`;
    assert.equal(got.slice(index * 64, index * 64 + 64), expected, shown);
  });
}

/** Words of every length, and those around powers of two. */
const anyWord = fc.oneof(
  fc.constantFrom(...EDGES),
  fc.bigInt({ min: 0n, max: 2n ** 64n }),
  fc.bigInt({ min: 0n, max: WORD_MAX }),
  fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: -2, max: 2 }))
    .map(([bit, off]) => BigInt.asUintN(256, 2n ** BigInt(bit) + BigInt(off))),
);

/** Cases of Hacker's Delight for algorithm D: the estimate is too large, the divisor goes back. */
const HARD_DIVISIONS: readonly (readonly [bigint, bigint])[] = [
  [0x7fffffff_80000000_00000000_00000000n, 0x80000000_00000000_00000001n],
  [0x80000000_00000000_00000003n, 0x20000000_00000000_00000001n],
  [0x80000000_fffffffe_00000000n, 0x80000000_ffffffffn],
  [0x00000001_00000000_00000000_00000000n, 0xffffffff_ffffffffn],
  [0x80000000_00000000_0000fffe_00000000n, 0x80000000_00000000_0000ffffn],
  [0xffffffff_fffffffe_00000000_00000000n << 96n, 0xffffffff_ffffffff_00000000n],
];

test('divisions in which algorithm D must correct itself', () => {
  const lists = HARD_DIVISIONS.flatMap(([a, b]) => [
    [a, b],
    [a << 64n, b],
    [a << 128n, b << 64n],
    [(a << 128n) | 1n, (b << 64n) | 1n],
  ]).map((pair) => pair.map((each) => BigInt.asUintN(256, each)));
  for (const name of ['DIV', 'MOD', 'SDIV', 'SMOD']) expectAll(name, lists);
});

for (const [name, model] of Object.entries(MODEL)) {
  const count = ['ADDMOD', 'MULMOD'].includes(name)
    ? 3
    : ['ISZERO', 'NOT', 'CLZ'].includes(name)
      ? 1
      : 2;

  test(`${name}: every pair of edge values is as on BigInt`, () => {
    assert.equal(typeof model, 'function');
    const third = count === 3 ? [0n, 1n, 7n, 2n ** 64n, 2n ** 255n + 9n, WORD_MAX] : [0n];
    const lists = EDGES.flatMap((a) =>
      count === 1
        ? [[a]]
        : EDGES.flatMap((b) => third.map((n) => (count === 3 ? [a, b, n] : [a, b]))),
    );
    for (let from = 0; from < lists.length; from += 300) {
      expectAll(name, lists.slice(from, from + 300));
    }
  });

  test(`${name}: random words are as on BigInt`, () => {
    const list = fc.array(anyWord, { minLength: count, maxLength: count });
    fc.assert(
      fc.property(fc.array(list, { minLength: 40, maxLength: 40 }), (lists) => {
        expectAll(name, lists);
      }),
      { numRuns: 12 },
    );
  });
}
