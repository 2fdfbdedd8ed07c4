/**
 * Every form of code that is joined into one word (assembly/kernel/join.ts and emit.ts), on edge
 * values, against the same code run opcode by opcode.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEvm } from '../src/create-evm.ts';
import {
  assemble,
  CALLER,
  CONTRACT,
  type Part,
  RETURN_TOP,
  stateWith,
  toNumber,
} from './support/machine.ts';
import { EDGES } from './support/word-model.ts';

const evm = await createEvm({ fork: 'osaka' });
const CONSTANTS = [0n, 1n, 2n, 31n, 32n, 64n, 255n, 256n, 0xffffffn, 0x1000000n, 2n ** 32n - 1n];
const BINARY = [
  'ADD',
  'MUL',
  'SUB',
  'DIV',
  'SDIV',
  'MOD',
  'EXP',
  'SIGNEXTEND',
  'LT',
  'GT',
  'SLT',
  'SGT',
  'EQ',
  'AND',
  'OR',
  'XOR',
  'BYTE',
  'SHL',
  'SHR',
  'SAR',
];
const COMPARISONS = ['LT', 'GT', 'SLT', 'SGT', 'EQ'];

/** The code run both ways, on a stack that holds three distinct items below it. */
function expectSame(...parts: readonly Part[]): void {
  const code = assemble(0x111n, 0x222n, 0x333n, ...parts);
  const state = stateWith({ 0xc0de: code });
  const request = { from: CALLER, to: CONTRACT, gasLimit: 1_000_000n };
  assert.deepEqual(
    evm.call(state, request),
    evm.trace(state, request, {}),
    parts.map((part) => (typeof part === 'object' ? '…' : String(part))).join(' '),
  );
}

test('a constant as first operand, and constants on both sides', () => {
  for (const name of [...BINARY, 'ISZERO', 'NOT', 'CLZ', 'MLOAD', 'SLOAD']) {
    for (const constant of [...CONSTANTS, 2n ** 64n - 1n, 2n ** 255n]) {
      expectSame(constant, name, ...RETURN_TOP);
      expectSame('CALLER', constant, name, ...RETURN_TOP);
      for (const below of [0n, 1n, 255n, 2n ** 64n, 2n ** 256n - 1n]) {
        expectSame(below, constant, name, ...RETURN_TOP);
        expectSame(below, 'CALLER', 'POP', constant, name, ...RETURN_TOP);
        expectSame(below, constant, name, constant, name, constant, name, ...RETURN_TOP);
      }
    }
  }
});

test('items that are no constants when the code is translated', () => {
  // CALLDATALOAD of nothing is 0: the value comes by ADD, behind a JUMPDEST.
  const unknown = (value: bigint): Part[] => [
    value,
    { goto: `b${value}` },
    'JUMP',
    { label: `b${value}` },
  ];
  for (const name of BINARY) {
    for (const value of EDGES) {
      for (const constant of CONSTANTS)
        expectSame(...unknown(value), constant, name, ...RETURN_TOP);
      expectSame(...unknown(value), 'DUP1', name, ...RETURN_TOP);
      expectSame(...unknown(value), 'DUP2', name, ...RETURN_TOP);
      expectSame(...unknown(value), 'DUP4', name, ...RETURN_TOP);
      expectSame(...unknown(value), 7n, 'SWAP1', name, ...RETURN_TOP);
      expectSame(...unknown(value), 'SWAP1', name, ...RETURN_TOP);
      expectSame(...unknown(value), 'SWAP2', name, ...RETURN_TOP);
    }
  }
});

test('copies before ISZERO, MLOAD and MSTORE', () => {
  for (const value of [0n, 1n, 31n, 100n, 2n ** 64n, 2n ** 256n - 1n]) {
    for (const copy of ['DUP1', 'DUP2', 'DUP3']) {
      for (const name of ['ISZERO', 'MLOAD', 'MSTORE', 'SLOAD']) {
        expectSame(64n, value, copy, name, 'MSIZE', ...RETURN_TOP);
        expectSame(2n ** 200n, 0n, 'MSTORE', 64n, value, copy, name, 0n, 'MLOAD', ...RETURN_TOP);
      }
    }
  }
});

test('comparisons as part of a jump, plain and negated', () => {
  for (const a of EDGES) {
    for (const b of [0n, 1n, 2n ** 64n, 2n ** 255n, 2n ** 256n - 1n, a]) {
      for (const name of COMPARISONS) {
        for (const isZeros of [[], ['ISZERO'], ['ISZERO', 'ISZERO']] as Part[][]) {
          const target = { goto: 'yes' };
          const ways: Part[] = [5n, ...RETURN_TOP, { label: 'yes' }, 6n, ...RETURN_TOP];
          expectSame(a, b, name, ...isZeros, target, 'JUMPI', ...ways);
          expectSame(a, b, 'DUP2', name, ...isZeros, target, 'JUMPI', ...ways);
          expectSame(a, b, 'SWAP1', name, ...isZeros, target, 'JUMPI', ...ways);
        }
      }
      expectSame(
        a,
        'ISZERO',
        { goto: 'yes' },
        'JUMPI',
        5n,
        ...RETURN_TOP,
        { label: 'yes' },
        b,
        ...RETURN_TOP,
      );
    }
  }
});

test('moves in a row', () => {
  const moves: Part[][] = [
    [1n],
    [0xffffffn],
    [0x1000000n],
    [2n ** 40n],
    [2n ** 100n],
    ['DUP1'],
    ['DUP3'],
    ['SWAP1'],
    ['SWAP2'],
    ['POP'],
    ['PC'],
  ];
  // A log of three items and the size of the stack's top, after every three moves in a row.
  const show: Part[] = [0n, 'MSTORE', 32n, 'MSTORE', 64n, 'MSTORE', 96n, 0n, 'RETURN'];
  for (const a of moves) {
    for (const b of moves) {
      for (const c of moves) {
        expectSame(4n, 5n, 6n, ...a, ...b, ...c, ...show);
        expectSame(4n, 5n, 6n, ...a, ...b, ...c, 'GAS', ...a, ...b, ...show);
      }
    }
  }
});

test('PUSH, SWAP1, SUB', () => {
  for (const value of EDGES) {
    for (const constant of CONSTANTS) {
      expectSame(value, constant, 'SWAP1', 'SUB', ...RETURN_TOP);
      expectSame(value, 'CALLER', 'POP', constant, 'SWAP1', 'SUB', ...RETURN_TOP);
    }
  }
});

test('a product with a constant: carries out of every limb', () => {
  const factor = 2n ** 32n - 1n;
  // -1 / factor modulo 2^64: times factor, this limb is all ones, and any carry goes through it.
  const full = 2n ** 64n - inverse(factor);
  const ones = 2n ** 64n - 1n;
  for (const limbs of [
    [ones, full],
    [ones, full, full],
    [0n, ones, full],
    [ones, full, full, full],
  ]) {
    const value = limbs.reduce((sum, limb, index) => sum | (limb << BigInt(64 * index)), 0n);
    const unknown: Part[] = [value, { goto: 'next' }, 'JUMP', { label: 'next' }];
    const result = evm.call(
      stateWith({ 0xc0de: assemble(...unknown, factor, 'MUL', ...RETURN_TOP) }),
      { from: CALLER, to: CONTRACT, gasLimit: 1_000_000n },
    );
    assert.equal(toNumber(result.output), BigInt.asUintN(256, value * factor));
  }
});

/** Modulo 2^64, by Newton's iteration. */
function inverse(odd: bigint): bigint {
  let guess = odd;
  for (let round = 0; round < 6; round++) {
    guess = BigInt.asUintN(64, guess * (2n - BigInt.asUintN(64, odd * guess)));
  }
  return guess;
}
