import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import fc from 'fast-check';
import { encodeBls12G1, encodeBls12G2 } from '../fuzz/encode-point.ts';
import { fromBigInt } from '../src/precompiles/bytes.ts';
import { toHex } from './support/machine.ts';
import { runPairing, runPrecompile } from './support/precompile.ts';

const { Fp, Fp2, Fr } = bls12_381.fields;
const G1 = bls12_381.G1.Point;
const G2 = bls12_381.G2.Point;
const INFINITY_G1 = new Uint8Array(128);
const INFINITY_G2 = new Uint8Array(256);

const word = (value: bigint): Uint8Array => fromBigInt(value, 32);
const element = (value: bigint): Uint8Array => fromBigInt(value, 64);
const modulo = (value: bigint): bigint => ((value % Fr.ORDER) + Fr.ORDER) % Fr.ORDER;
const rawG1 = (factor: bigint) => G1.BASE.multiplyUnsafe(modulo(factor));
const rawG2 = (factor: bigint) => G2.BASE.multiplyUnsafe(modulo(factor));
const pointG1 = (factor: bigint): Uint8Array => encodeBls12G1(rawG1(factor));
const pointG2 = (factor: bigint): Uint8Array => encodeBls12G2(rawG2(factor));

const anyScalar = fc.oneof(
  fc.constantFrom(0n, 1n, Fr.ORDER - 1n, Fr.ORDER, Fr.ORDER + 1n, 2n ** 256n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
);
/** Small ones: the reference multiplies slowly. */
const anyFactor = fc.oneof(fc.constant(0n), fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }));

/** On the curve, outside of the subgroup. */
const LOOSE_G1 = find((x) => {
  const y = Fp.sqrt(Fp.add(Fp.mul(Fp.sqr(x), x), 4n));
  return G1.fromAffine({ x, y });
});
const LOOSE_G2 = find((x0) => {
  const x = Fp2.fromBigTuple([x0, 1n]);
  const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), Fp2.fromBigTuple([4n, 4n])));
  return G2.fromAffine({ x, y });
});

function find<P extends { isTorsionFree(): boolean }>(make: (x: bigint) => P): P[] {
  const found: P[] = [];
  for (let x = 1n; found.length < 3; x++) {
    try {
      const point = make(x);
      if (!point.isTorsionFree()) found.push(point);
    } catch {
      // No square: no point has this x.
    }
  }
  return found;
}

test('sums are those of the noble library, outside of the subgroup too', () => {
  const some1 = [rawG1(0n), rawG1(1n), rawG1(-1n), rawG1(5n), ...LOOSE_G1, LOOSE_G1[0]?.negate()];
  for (const one of some1) {
    for (const other of some1) {
      assert(one !== undefined && other !== undefined);
      const sum = runPrecompile('bls12G1Add', encodeBls12G1(one), encodeBls12G1(other));
      assert.equal(sum, toHex(encodeBls12G1(one.add(other))));
    }
  }
  const some2 = [rawG2(0n), rawG2(1n), rawG2(-1n), rawG2(5n), ...LOOSE_G2, LOOSE_G2[0]?.negate()];
  for (const one of some2) {
    for (const other of some2) {
      assert(one !== undefined && other !== undefined);
      const sum = runPrecompile('bls12G2Add', encodeBls12G2(one), encodeBls12G2(other));
      assert.equal(sum, toHex(encodeBls12G2(one.add(other))));
    }
  }
});

test('sums of products are what the factors say, for scalars of any size', () => {
  const terms = fc.array(fc.tuple(anyFactor, anyScalar), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(terms, (list) => {
      const sum = list.reduce((total, [factor, scalar]) => total + factor * scalar, 0n);
      const inG1 = list.flatMap(([factor, scalar]) => [pointG1(factor), word(scalar)]);
      assert.equal(runPrecompile('bls12G1Msm', ...inG1), toHex(pointG1(sum)));
      const inG2 = list.flatMap(([factor, scalar]) => [pointG2(factor), word(scalar)]);
      assert.equal(runPrecompile('bls12G2Msm', ...inG2), toHex(pointG2(sum)));
    }),
    { numRuns: 15 },
  );
});

test('sums of hundreds of products: the library changes its method at 128 and at 256', () => {
  for (const count of [127, 128, 256, 600]) {
    const parts: Uint8Array[] = [];
    let point = G1.BASE;
    let sum = 0n;
    for (let index = 0; index < count; index++) {
      const scalar = modulo(BigInt(index + 1) ** 60n);
      parts.push(encodeBls12G1(point), word(scalar));
      sum += BigInt(index + 1) * scalar;
      point = point.add(G1.BASE);
    }
    assert.equal(runPrecompile('bls12G1Msm', ...parts), toHex(pointG1(sum)), `${count}`);
  }
});

test('a product of pairings is one where the factors say so', () => {
  const list = fc.array(fc.tuple(anyFactor, anyFactor), { maxLength: 5 });
  fc.assert(
    fc.property(list, fc.boolean(), (pairs, isOne) => {
      const sum = pairs.reduce((total, [a, b]) => total + a * b, 0n);
      const last = [isOne ? -sum : 1n - sum, 1n] as const;
      const parts = [...pairs, last].flatMap(([a, b]) => [pointG1(a), pointG2(b)]);
      assert.equal(runPairing('bls12Pairing', ...parts), isOne);
    }),
    { numRuns: 10 },
  );
});

test('maps are those of the noble library', () => {
  const values = [0n, 1n, 2n, Fp.ORDER - 1n, Fp.ORDER / 2n, 7n ** 130n % Fp.ORDER];
  for (const one of values) {
    const inG1: unknown = bls12_381.G1.mapToCurve(one as never);
    const expected = toHex(encodeBls12G1(inG1 as typeof G1.BASE));
    assert.equal(runPrecompile('bls12MapFpToG1', element(one)), expected, `${one}`);
    for (const other of [0n, Fp.ORDER - 1n, 3n ** 200n % Fp.ORDER]) {
      const inG2: unknown = bls12_381.G2.mapToCurve([one, other]);
      const expected2 = toHex(encodeBls12G2(inG2 as typeof G2.BASE));
      const got = runPrecompile('bls12MapFp2ToG2', element(one), element(other));
      assert.equal(got, expected2, `${one} ${other}`);
    }
  }
});

test('elements not below the order of the field fail, and so do the sixteen bytes before', () => {
  const [p, q] = [pointG1(3n), pointG2(3n)];
  for (const [length, good, add, isFirst] of [
    [128, p, 'bls12G1Add', true],
    [256, q, 'bls12G2Add', false],
  ] as const) {
    for (let at = 0; at < length; at += 64) {
      const value = BigInt(`0x${toHex(good.subarray(at, at + 64))}`);
      for (const bad of [value + Fp.ORDER, value + 2n ** 384n, value + 2n ** 511n]) {
        const point = good.slice();
        point.set(element(bad), at);
        assert.equal(runPrecompile(add, point, good), undefined);
        assert.equal(runPrecompile(add, new Uint8Array(length), point), undefined);
        const pair = isFirst ? [point, INFINITY_G2] : [INFINITY_G1, point];
        assert.equal(runPairing('bls12Pairing', ...pair), undefined);
      }
    }
  }
  for (const bad of [Fp.ORDER, Fp.ORDER + 1n, 2n ** 384n, 2n ** 512n - 1n]) {
    assert.equal(runPrecompile('bls12MapFpToG1', element(bad)), undefined);
    assert.equal(runPrecompile('bls12MapFp2ToG2', element(1n), element(bad)), undefined);
    assert.equal(runPrecompile('bls12MapFp2ToG2', element(bad), element(1n)), undefined);
  }
});

test('off the curve everything fails, outside of the subgroup all but sums', () => {
  const off1 = pointG1(3n);
  off1[127] = (off1[127] ?? 0) ^ 1;
  const off2 = pointG2(3n);
  off2[255] = (off2[255] ?? 0) ^ 1;
  assert.equal(runPrecompile('bls12G1Add', off1, INFINITY_G1), undefined);
  assert.equal(runPrecompile('bls12G2Add', INFINITY_G2, off2), undefined);
  for (const bad of [off1, ...LOOSE_G1.map(encodeBls12G1)]) {
    assert.equal(runPrecompile('bls12G1Msm', bad, word(1n)), undefined);
    assert.equal(runPrecompile('bls12G1Msm', pointG1(1n), word(1n), bad, word(0n)), undefined);
    assert.equal(runPairing('bls12Pairing', bad, pointG2(1n)), undefined);
    assert.equal(runPairing('bls12Pairing', bad, INFINITY_G2), undefined);
  }
  for (const bad of [off2, ...LOOSE_G2.map(encodeBls12G2)]) {
    assert.equal(runPrecompile('bls12G2Msm', bad, word(1n)), undefined);
    assert.equal(runPrecompile('bls12G2Msm', bad, word(0n)), undefined);
    assert.equal(runPairing('bls12Pairing', pointG1(1n), bad), undefined);
    assert.equal(runPairing('bls12Pairing', INFINITY_G1, bad), undefined);
  }
});

test('lengths: nothing, one byte less, one more', () => {
  const exact: Readonly<Record<string, number>> = {
    bls12G1Add: 256,
    bls12G1Msm: 160,
    bls12G2Add: 512,
    bls12G2Msm: 288,
    bls12Pairing: 384,
    bls12MapFpToG1: 64,
    bls12MapFp2ToG2: 128,
  };
  for (const [name, length] of Object.entries(exact)) {
    assert.notEqual(runPrecompile(name, new Uint8Array(length)), undefined, name);
    for (const other of [0, 1, length - 1, length + 1]) {
      assert.equal(runPrecompile(name, new Uint8Array(other)), undefined, `${name} ${other}`);
    }
  }
});
