import { FORKS, type Fork } from '../types.ts';
import { fromBigInt, sliceRightPadded, toBigInt } from './bytes.ts';
import { MODEXP_OPERAND_LENGTH_MAX } from './limits.ts';
import type { Precompile } from './types.ts';

const HEADER_LENGTH = 96;
const BERLIN = FORKS.indexOf('berlin');
const OSAKA = FORKS.indexOf('osaka');

interface Lengths {
  readonly base: bigint;
  readonly exponent: bigint;
  readonly modulus: bigint;
}

/** EIP-198, priced by EIP-2565 from Berlin and by EIP-7883 from Osaka; bounds of EIP-7823. */
export const modexp: Precompile = {
  name: 'modexp',
  address: 5,
  since: 'byzantium',
  gas(input, fork) {
    const lengths = readLengths(input);
    const head = readExponentHead(input, lengths);
    const level = FORKS.indexOf(fork);
    if (level >= OSAKA) return gasEip7883(lengths, head);
    return level >= BERLIN ? gasEip2565(lengths, head) : gasEip198(lengths, head);
  },
  run(input, fork) {
    const lengths = readLengths(input);
    if (exceedsBounds(lengths, fork)) return undefined;
    // Before Osaka the gas bounds them: an operand that does not fit into memory costs more gas
    // than there is, unless base and modulus are empty and the exponent does not matter.
    const modulusLength = Number(lengths.modulus);
    if (modulusLength === 0) return new Uint8Array(0);
    const baseLength = Number(lengths.base);
    const exponentLength = Number(lengths.exponent);
    const operand = (offset: number, length: number): bigint =>
      toBigInt(sliceRightPadded(input, offset, length));
    const base = operand(HEADER_LENGTH, baseLength);
    const exponent = operand(HEADER_LENGTH + baseLength, exponentLength);
    const modulus = operand(HEADER_LENGTH + baseLength + exponentLength, modulusLength);
    return fromBigInt(power(base, exponent, modulus), modulusLength);
  },
};

function readLengths(input: Uint8Array): Lengths {
  const word = (index: number): bigint => toBigInt(sliceRightPadded(input, 32 * index, 32));
  return { base: word(0), exponent: word(1), modulus: word(2) };
}

function exceedsBounds(lengths: Lengths, fork: Fork): boolean {
  if (FORKS.indexOf(fork) < OSAKA) return false;
  const longest = max(lengths.base, max(lengths.exponent, lengths.modulus));
  return longest > MODEXP_OPERAND_LENGTH_MAX;
}

/** The first 32 bytes of the exponent, or as many as it has. */
function readExponentHead(input: Uint8Array, lengths: Lengths): bigint {
  const offset = BigInt(HEADER_LENGTH) + lengths.base;
  if (offset >= BigInt(input.length)) return 0n;
  const length = Number(lengths.exponent < 32n ? lengths.exponent : 32n);
  return toBigInt(sliceRightPadded(input, Number(offset), length));
}

/** Bits of the exponent below its highest one, estimated from its head. */
function countIterations(exponentLength: bigint, head: bigint, perTailByte: bigint): bigint {
  const headBits = head === 0n ? 0n : BigInt(head.toString(2).length - 1);
  const tail = exponentLength > 32n ? perTailByte * (exponentLength - 32n) : 0n;
  return max(tail + headBits, 1n);
}

function gasEip198(lengths: Lengths, head: bigint): bigint {
  const x = max(lengths.base, lengths.modulus);
  const square = x * x;
  const complexity =
    x <= 64n
      ? square
      : x <= 1024n
        ? square / 4n + 96n * x - 3072n
        : square / 16n + 480n * x - 199_680n;
  return (complexity * countIterations(lengths.exponent, head, 8n)) / 20n;
}

function gasEip2565(lengths: Lengths, head: bigint): bigint {
  const words = (max(lengths.base, lengths.modulus) + 7n) / 8n;
  return max(200n, (words * words * countIterations(lengths.exponent, head, 8n)) / 3n);
}

function gasEip7883(lengths: Lengths, head: bigint): bigint {
  const longest = max(lengths.base, lengths.modulus);
  const words = (longest + 7n) / 8n;
  const complexity = longest <= 32n ? 16n : 2n * words * words;
  return max(500n, complexity * countIterations(lengths.exponent, head, 16n));
}

function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

/** Square and multiply over windows of four bits. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  if (modulus <= 1n) return 0n;
  const reduced = base % modulus;
  if (exponent === 0n) return 1n;
  if (reduced < 2n) return reduced;
  const digits = exponent.toString(16);
  if (digits.length <= 2) return powerOfByte(reduced, Number(exponent), modulus);
  const table = [1n];
  for (let digit = 1; digit < 16; digit++) {
    table.push(((table[digit - 1] ?? 1n) * reduced) % modulus);
  }
  let result = 1n;
  for (const digit of digits) {
    for (let square = 0; square < 4; square++) result = (result * result) % modulus;
    if (digit !== '0') result = (result * (table[Number.parseInt(digit, 16)] ?? 1n)) % modulus;
  }
  return result;
}

function powerOfByte(base: bigint, exponent: number, modulus: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0; rest >>= 1) {
    if ((rest & 1) === 1) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
