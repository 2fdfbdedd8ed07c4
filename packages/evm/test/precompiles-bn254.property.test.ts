import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bn254 } from '@noble/curves/bn254.js';
import fc from 'fast-check';
import { encodeBn254G1, encodeBn254G2 } from '../fuzz/encode-point.ts';
import { fromBigInt } from '../src/precompiles/bytes.ts';
import { toHex } from './support/machine.ts';
import { runPairing, runPrecompile } from './support/precompile.ts';

const { Fp, Fp2 } = bn254.fields;
const ORDER = bn254.fields.Fr.ORDER;
const G1 = bn254.G1.Point;
const G2 = bn254.G2.Point;
const INFINITY_G1 = new Uint8Array(64);
const INFINITY_G2 = new Uint8Array(128);

const word = (value: bigint): Uint8Array => fromBigInt(value, 32);
const modulo = (value: bigint): bigint => ((value % ORDER) + ORDER) % ORDER;
const pointG1 = (factor: bigint): Uint8Array =>
  encodeBn254G1(G1.BASE.multiplyUnsafe(modulo(factor)));
const pointG2 = (factor: bigint): Uint8Array =>
  encodeBn254G2(G2.BASE.multiplyUnsafe(modulo(factor)));

const anyWord = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, ORDER - 1n, ORDER, ORDER + 1n, 2n * ORDER, 2n ** 256n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
);

/** On the twist, outside of the subgroup of order r: its order is r times a large cofactor. */
function twistPoint(x: bigint): Uint8Array | undefined {
  const at = Fp2.fromBigTuple([x, 1n]);
  const square = Fp2.add(Fp2.mul(Fp2.sqr(at), at), Fp2.div(Fp2.fromBigTuple([3n, 0n]), NINE_I));
  try {
    const { c0, c1 } = Fp2.sqrt(square);
    return Uint8Array.from(Buffer.concat([at.c1, at.c0, c1, c0].map(word)));
  } catch {
    return undefined;
  }
}
const NINE_I = Fp2.fromBigTuple([9n, 1n]);

test('sums are those of the noble library, of a point and itself or its negative too', () => {
  fc.assert(
    fc.property(anyWord, fc.oneof(anyWord, fc.constantFrom('same', 'negative')), (a, other) => {
      const b = other === 'same' ? a : other === 'negative' ? -a : other;
      const expected = toHex(pointG1(a + b));
      assert.equal(runPrecompile('bn254Add', pointG1(a), pointG1(b)), expected);
    }),
    { numRuns: 60 },
  );
});

test('products are those of the noble library for scalars of any size', () => {
  fc.assert(
    fc.property(anyWord, anyWord, (factor, scalar) => {
      const expected = toHex(pointG1(factor * modulo(scalar)));
      assert.equal(runPrecompile('bn254Multiply', pointG1(factor), word(scalar)), expected);
    }),
    { numRuns: 60 },
  );
});

test('what is left out counts as zero, what is beyond is not looked at', () => {
  const point = pointG1(5n);
  assert.equal(runPrecompile('bn254Add', point), toHex(point));
  assert.equal(runPrecompile('bn254Add', point, INFINITY_G1, point), toHex(point));
  assert.equal(runPrecompile('bn254Add'), toHex(INFINITY_G1));
  assert.equal(runPrecompile('bn254Multiply', point), toHex(INFINITY_G1));
  assert.equal(runPrecompile('bn254Multiply'), toHex(INFINITY_G1));
  // One byte of a scalar is its highest one.
  const scalar = word(2n ** 248n);
  const product = runPrecompile('bn254Multiply', point, scalar);
  assert.equal(runPrecompile('bn254Multiply', point, scalar.subarray(0, 1)), product);
  // The last byte of y.
  assert.equal(runPrecompile('bn254Add', point.subarray(0, 63)), undefined);
});

test('a product of pairings is one where the factors say so, of one to eight pairs', () => {
  const small = fc.bigInt({ min: 0n, max: 2n ** 64n });
  fc.assert(
    fc.property(fc.array(fc.tuple(small, small), { maxLength: 7 }), fc.boolean(), (list, isOne) => {
      const sum = list.reduce((total, [a, b]) => total + a * b, 0n);
      // e([-sum] P, Q) completes the product to one.
      const last = isOne ? -sum : 1n - sum;
      const pairs = [...list, [last, 1n] as const].flatMap(([a, b]) => [pointG1(a), pointG2(b)]);
      assert.equal(runPairing('bn254Pairing', ...pairs), isOne);
    }),
    { numRuns: 12 },
  );
});

test('pairings: none, infinity on either side, a length that is none', () => {
  const [p, q] = [pointG1(3n), pointG2(7n)];
  assert.equal(runPairing('bn254Pairing'), true);
  assert.equal(runPairing('bn254Pairing', INFINITY_G1, q), true);
  assert.equal(runPairing('bn254Pairing', p, INFINITY_G2), true);
  assert.equal(runPairing('bn254Pairing', INFINITY_G1, INFINITY_G2), true);
  assert.equal(runPairing('bn254Pairing', p, q), false);
  assert.equal(runPairing('bn254Pairing', p, q, new Uint8Array(1)), undefined);
  assert.equal(runPairing('bn254Pairing', p, q.subarray(1)), undefined);
});

test('six thousand pairs: the memory of the module grows and is read where it is then', () => {
  const pairs = Array.from({ length: 6_000 }, () => new Uint8Array(192));
  assert.equal(runPairing('bn254Pairing', ...pairs, pointG1(1n), pointG2(1n)), false);
  const sum = runPrecompile('bn254Add', pointG1(1n), pointG1(2n));
  assert.equal(sum, toHex(pointG1(3n)));
});

test('coordinates not below the order of the field fail, equal modulo it or not', () => {
  const { x, y } = G1.BASE.multiply(9n).toAffine();
  for (const [badX, badY] of [
    [x + Fp.ORDER, y],
    [x, y + Fp.ORDER],
    [Fp.ORDER, y],
    [Fp.ORDER, 0n],
    [0n, Fp.ORDER],
    [Fp.ORDER, Fp.ORDER],
    [2n ** 256n - 1n, y],
  ] as const) {
    const bad = Uint8Array.from(Buffer.concat([word(badX), word(badY)]));
    expectRefusedG1(bad);
  }
  const q = pointG2(9n);
  for (let part = 0; part < 4; part++) {
    const bad = q.slice();
    const value = BigInt(`0x${toHex(q.subarray(32 * part, 32 * part + 32))}`);
    bad.set(word(value + Fp.ORDER), 32 * part);
    assert.equal(runPairing('bn254Pairing', pointG1(1n), bad), undefined);
    assert.equal(runPairing('bn254Pairing', INFINITY_G1, bad), undefined);
    const order = new Uint8Array(128);
    order.set(word(Fp.ORDER), 32 * part);
    assert.equal(runPairing('bn254Pairing', INFINITY_G1, order), undefined);
  }
});

test('points that are not on the curve fail, beside infinity too', () => {
  fc.assert(
    fc.property(fc.nat(511), (bit) => {
      const flipped = pointG1(4n);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expectRefusedG1(flipped);
    }),
    { numRuns: 40 },
  );
  fc.assert(
    fc.property(fc.nat(1023), (bit) => {
      const flipped = pointG2(4n);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(runPairing('bn254Pairing', INFINITY_G1, flipped), undefined);
    }),
    { numRuns: 40 },
  );
});

test('points of the twist outside of the subgroup fail, beside infinity too', () => {
  let found = 0;
  for (let x = 1n; found < 8; x++) {
    const point = twistPoint(x);
    if (point === undefined) continue;
    found++;
    assert.equal(runPairing('bn254Pairing', pointG1(1n), point), undefined);
    assert.equal(runPairing('bn254Pairing', INFINITY_G1, point), undefined);
  }
});

function expectRefusedG1(bad: Uint8Array): void {
  const good = pointG1(2n);
  assert.equal(runPrecompile('bn254Add', bad, good), undefined);
  assert.equal(runPrecompile('bn254Add', good, bad), undefined);
  assert.equal(runPrecompile('bn254Add', INFINITY_G1, bad), undefined);
  assert.equal(runPrecompile('bn254Multiply', bad, word(0n)), undefined);
  assert.equal(runPrecompile('bn254Multiply', bad, word(3n)), undefined);
  assert.equal(runPairing('bn254Pairing', bad, pointG2(1n)), undefined);
  assert.equal(runPairing('bn254Pairing', bad, INFINITY_G2), undefined);
}
