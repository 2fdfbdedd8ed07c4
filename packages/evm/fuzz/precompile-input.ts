/** Inputs of precompiles: right ones, nearly right ones and noise. */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { bn254 } from '@noble/curves/bn254.js';
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { fromBigInt } from '../src/precompiles/bytes.ts';
import { encodeBls12G1, encodeBls12G2, encodeBn254G1, encodeBn254G2 } from './encode-point.ts';
import type { Random } from './random.ts';

type Make = (random: Random) => Uint8Array;

/** Points are made once: multiplying costs more than all the rest of a case. */
const made = new Map<string, readonly Uint8Array[]>();

const MAKERS: Readonly<Record<number, Make>> = {
  1: (random) => random.pick(remember('recover', makeRecoverable)),
  5: makeModexp,
  6: (random) => join(pointOfBn254(random), pointOfBn254(random)),
  7: (random) => join(pointOfBn254(random), word(random)),
  8: makeBn254Pairs,
  9: makeBlake2f,
  0x0b: (random) => join(pointG1(random), pointG1(random)),
  0x0c: (random) => repeat(random, 2, () => join(pointG1(random), word(random))),
  0x0d: (random) => join(pointG2(random), pointG2(random)),
  0x0e: (random) => repeat(random, 2, () => join(pointG2(random), word(random))),
  0x0f: (random) => repeat(random, 2, () => join(pointG1(random), pointG2(random))),
  0x10: (random) => element(random),
  0x11: (random) => join(element(random), element(random)),
  0x100: (random) => random.pick(remember('p256', makeP256)),
};

export function precompileInput(random: Random, address: number): Uint8Array {
  const make = MAKERS[address];
  if (make === undefined || random.chance(0.2)) return random.bytes(random.below(300));
  const input = make(random);
  const flaw = random.weighted({ none: 7, bit: 2, short: 1, long: 1 });
  if (flaw === 'bit' && input.length > 0) {
    const copy = input.slice();
    const at = random.below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
    return copy;
  }
  if (flaw === 'short') return input.slice(0, random.below(input.length + 1));
  if (flaw === 'long') return join(input, random.bytes(random.below(40)));
  return input;
}

function remember(name: string, make: () => readonly Uint8Array[]): readonly Uint8Array[] {
  const found = made.get(name) ?? make();
  made.set(name, found);
  return found;
}

function makeRecoverable(): Uint8Array[] {
  return [1n, 2n, 77n].map((key) => {
    const hash = fromBigInt(key * 0x1234_5678_9abcn, 32);
    const options = { prehash: false, format: 'recovered' } as const;
    const signature = secp256k1.sign(hash, fromBigInt(key, 32), options);
    const v = fromBigInt(27n + BigInt(signature[0] ?? 0), 32);
    return join(hash, v, signature.subarray(1));
  });
}

function makeP256(): Uint8Array[] {
  return [1n, 2n, 77n].map((key) => {
    const hash = fromBigInt(key * 0x1234_5678_9abcn, 32);
    const secret = fromBigInt(key, 32);
    const signature = p256.sign(hash, secret, { prehash: false, format: 'compact' });
    return join(hash, signature, p256.getPublicKey(secret, false).subarray(1));
  });
}

function makeModexp(random: Random): Uint8Array {
  const lengths = [0, 1, 2].map(() => random.pick([0, 1, 2, 31, 32, 33, 64, 65]));
  const operands = lengths.map((length) => random.bytes(length));
  return join(...lengths.map((length) => fromBigInt(BigInt(length), 32)), ...operands);
}

function makeBlake2f(random: Random): Uint8Array {
  const input = random.bytes(213);
  input.set([0, 0, 0, random.below(20)]);
  input[212] = random.below(2);
  return input;
}

function pointOfBn254(random: Random): Uint8Array {
  const points = remember('bn254', () =>
    [1n, 2n, 12_345n].map((factor) => encodeBn254G1(bn254.G1.Point.BASE.multiply(factor))),
  );
  return random.chance(0.2) ? new Uint8Array(64) : random.pick(points);
}

function makeBn254Pairs(random: Random): Uint8Array {
  const twist = remember('bn254 G2', () =>
    [1n, 3n].map((factor) => encodeBn254G2(bn254.G2.Point.BASE.multiply(factor))),
  );
  return repeat(random, 1, () => join(pointOfBn254(random), random.pick(twist)));
}

function pointG1(random: Random): Uint8Array {
  const { Point } = bls12_381.G1;
  const points = remember('G1', () =>
    [1n, 2n, 999n].map((f) => encodeBls12G1(Point.BASE.multiply(f))),
  );
  return random.chance(0.2) ? new Uint8Array(128) : random.pick(points);
}

function pointG2(random: Random): Uint8Array {
  const { Point } = bls12_381.G2;
  const points = remember('G2', () =>
    [1n, 2n, 999n].map((f) => encodeBls12G2(Point.BASE.multiply(f))),
  );
  return random.chance(0.2) ? new Uint8Array(256) : random.pick(points);
}

function element(random: Random): Uint8Array {
  const bytes = random.bytes(64);
  bytes.fill(0, 0, 16);
  bytes[16] = random.below(0x1a);
  return bytes;
}

function word(random: Random): Uint8Array {
  return fromBigInt(random.word(), 32);
}

function repeat(random: Random, most: number, make: () => Uint8Array): Uint8Array {
  return join(...Array.from({ length: random.between(0, most) }, make));
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
