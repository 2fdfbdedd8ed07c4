import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { hexToBytes } from '@noble/hashes/utils.js';
import { fromBigInt } from '../src/precompiles/bytes.ts';
import { runPrecompile } from './support/precompile.ts';

const { Fp, Fr } = bls12_381.fields;
const { Point } = bls12_381.G1;
const INFINITY = hexToBytes(`c0${'00'.repeat(47)}`);
/** EIP-4844: FIELD_ELEMENTS_PER_BLOB and BLS_MODULUS. */
const VALID = [4096n, Fr.ORDER].map((value) => value.toString(16).padStart(64, '0')).join('');

// A call of mainnet block 19,932,703.
const Z = 0x0581447c48162507bf7e20d2eea5db60be351f7cbab550f4207bbdbf64ffb044n;
const Y = 0x2818284ff400db450db3c4c632050a3ea66f01ec24fc17c1581f08903d1ce8d8n;
const COMMITMENT = hexToBytes(
  'a30ba258996a7621eab35500b046b23f2b50b5eb2b31456019e92082b650b1b8' +
    'bbd4f9a72d8aee6018dc4145c919f1a0',
);
const PROOF = hexToBytes(
  'a9934200a4dd78b47bbc175e165766acdf94f5908c6fdefdae67fbb4d7ee2dae' +
    '70e21362858b9ad907c1aa7fc34bbaac',
);

function isEvaluation(
  z: bigint,
  y: bigint,
  commitment: Uint8Array,
  proof: Uint8Array,
  version = 1,
): boolean {
  const hash = sha256(commitment);
  hash[0] = version;
  const words = [hash, fromBigInt(z, 32), fromBigInt(y, 32)];
  const output = runPrecompile('pointEvaluation', ...words, commitment, proof);
  assert(output === undefined || output === VALID);
  return output !== undefined;
}

test('an evaluation of mainnet holds, and no other value, point, proof or commitment', () => {
  assert(isEvaluation(Z, Y, COMMITMENT, PROOF));
  assert(!isEvaluation(Z, Y + 1n, COMMITMENT, PROOF));
  assert(!isEvaluation(Z + 1n, Y, COMMITMENT, PROOF));
  assert(!isEvaluation(Z, Y, PROOF, PROOF));
  assert(!isEvaluation(Z, Y, COMMITMENT, COMMITMENT));
  assert(!isEvaluation(Z, Y, COMMITMENT, INFINITY));
  assert(!isEvaluation(Z, Y, COMMITMENT, PROOF, 2));
});

test('a constant more adds as much to the commitment and to the value', () => {
  const commitment = Point.fromBytes(COMMITMENT);
  for (const constant of [1n, 77n, Fr.ORDER - 1n]) {
    const sum = commitment.add(Point.BASE.multiply(constant)).toBytes();
    assert(isEvaluation(Z, (Y + constant) % Fr.ORDER, sum, PROOF));
    assert(!isEvaluation(Z, Y, sum, PROOF));
  }
});

test('a constant polynomial has its value everywhere, with infinity for a proof', () => {
  for (const z of [0n, 1n, Fr.ORDER - 1n]) {
    assert(isEvaluation(z, 0n, INFINITY, INFINITY));
    assert(!isEvaluation(z, 1n, INFINITY, INFINITY));
    assert(isEvaluation(z, 5n, Point.BASE.multiply(5n).toBytes(), INFINITY));
    assert(!isEvaluation(z, 6n, Point.BASE.multiply(5n).toBytes(), INFINITY));
  }
});

test('z and y are below the order', () => {
  assert(!isEvaluation(Fr.ORDER, 0n, INFINITY, INFINITY));
  assert(!isEvaluation(0n, Fr.ORDER, INFINITY, INFINITY));
  assert(!isEvaluation(2n ** 256n - 1n, 0n, INFINITY, INFINITY));
});

test('a point has one compressed form and is of the subgroup', () => {
  const bad: Uint8Array[] = [
    // Infinity with the sign, without the mark of compression, with something in it.
    hexToBytes(`e0${'00'.repeat(47)}`),
    hexToBytes(`40${'00'.repeat(47)}`),
    hexToBytes(`c0${'00'.repeat(46)}01`),
    hexToBytes(`c0${'00'.repeat(45)}0100`),
    new Uint8Array(48),
    // No x is as large as the order of the field.
    compress(Fp.ORDER),
    compress(Fp.ORDER + 4n),
    compress(2n ** 381n - 1n),
  ];
  const plain = Point.BASE.toBytes();
  plain[0] = (plain[0] ?? 0) & 0x7f;
  bad.push(plain);
  // No y, or a point outside of the subgroup: one in 2^125 would be in it. That with x = 0 has
  // order 3: its pairings are one, so that it would prove anything if nobody asked.
  for (let x = 0n; x < 12n; x++) bad.push(compress(x));
  for (const point of bad) {
    assert(!isEvaluation(0n, 0n, point, INFINITY));
    assert(!isEvaluation(0n, 0n, INFINITY, point));
  }
});

test('the negative of a polynomial has the negatives of commitment, value and proof', () => {
  const negated = Point.fromBytes(COMMITMENT).negate().toBytes();
  const proof = Point.fromBytes(PROOF).negate().toBytes();
  assert(isEvaluation(Z, Fr.ORDER - Y, negated, proof));
  assert(!isEvaluation(Z, Fr.ORDER - Y, negated, PROOF));
});

function compress(x: bigint): Uint8Array {
  const bytes = fromBigInt(x, 48);
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return bytes;
}
