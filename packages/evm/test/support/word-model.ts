/** The word operations on BigInt, written from the Yellow Paper's appendix H, for comparison. */
const SIZE = 2n ** 256n;

export const EDGES: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  31n,
  32n,
  63n,
  64n,
  255n,
  256n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n,
  2n ** 96n + 5n,
  2n ** 127n,
  2n ** 128n - 1n,
  2n ** 128n,
  2n ** 160n - 1n,
  2n ** 192n,
  2n ** 192n - 2n ** 64n,
  2n ** 224n - 1n,
  2n ** 255n - 1n,
  2n ** 255n,
  2n ** 255n + 1n,
  2n ** 256n - 2n ** 128n,
  2n ** 256n - 2n,
  2n ** 256n - 1n,
];

const wrap = (value: bigint): bigint => ((value % SIZE) + SIZE) % SIZE;
const signed = (value: bigint): bigint => BigInt.asIntN(256, value);
const truth = (value: boolean): bigint => (value ? 1n : 0n);

/** Operands in the order in which they leave the stack. */
export const MODEL: Readonly<Record<string, (...operands: bigint[]) => bigint>> = {
  ADD: (a = 0n, b = 0n) => wrap(a + b),
  MUL: (a = 0n, b = 0n) => wrap(a * b),
  SUB: (a = 0n, b = 0n) => wrap(a - b),
  DIV: (a = 0n, b = 0n) => (b === 0n ? 0n : a / b),
  SDIV: (a = 0n, b = 0n) => (b === 0n ? 0n : wrap(signed(a) / signed(b))),
  MOD: (a = 0n, b = 0n) => (b === 0n ? 0n : a % b),
  SMOD: (a = 0n, b = 0n) => (b === 0n ? 0n : wrap(signed(a) % signed(b))),
  ADDMOD: (a = 0n, b = 0n, n = 0n) => (n === 0n ? 0n : (a + b) % n),
  MULMOD: (a = 0n, b = 0n, n = 0n) => (n === 0n ? 0n : (a * b) % n),
  EXP: (a = 0n, b = 0n) => power(a, b),
  SIGNEXTEND: (index = 0n, value = 0n) =>
    index > 30n ? value : wrap(BigInt.asIntN(Number(index) * 8 + 8, value)),
  LT: (a = 0n, b = 0n) => truth(a < b),
  GT: (a = 0n, b = 0n) => truth(a > b),
  SLT: (a = 0n, b = 0n) => truth(signed(a) < signed(b)),
  SGT: (a = 0n, b = 0n) => truth(signed(a) > signed(b)),
  EQ: (a = 0n, b = 0n) => truth(a === b),
  ISZERO: (a = 0n) => truth(a === 0n),
  AND: (a = 0n, b = 0n) => a & b,
  OR: (a = 0n, b = 0n) => a | b,
  XOR: (a = 0n, b = 0n) => a ^ b,
  NOT: (a = 0n) => wrap(~a),
  BYTE: (index = 0n, value = 0n) => (index > 31n ? 0n : (value >> (248n - index * 8n)) & 0xffn),
  SHL: (shift = 0n, value = 0n) => (shift > 255n ? 0n : wrap(value << shift)),
  SHR: (shift = 0n, value = 0n) => (shift > 255n ? 0n : value >> shift),
  SAR: (shift = 0n, value = 0n) => wrap(signed(value) >> (shift > 255n ? 255n : shift)),
  CLZ: (a = 0n) => (a === 0n ? 256n : BigInt(256 - a.toString(2).length)),
};

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = wrap(result * square);
    square = wrap(square * square);
  }
  return result;
}
