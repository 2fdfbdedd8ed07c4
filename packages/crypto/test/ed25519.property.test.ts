import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALGORITHM, type KeyPair, nobleProvider } from '@basalt/protocol';
import fc from 'fast-check';
import { createNativeProvider } from '../src/native/provider.ts';
import { flipBit } from './support.ts';

/** Noble verifies in about a millisecond: this many comparisons take a few seconds. */
const RUNS = 300;

const native = createNativeProvider();
const withoutKernel = createNativeProvider({ kernel: undefined });
const nativeSuite = native.suite(ALGORITHM.ed25519);
const noble = nobleProvider.suite(ALGORITHM.ed25519);

const P = 2n ** 255n - 19n;

/** All eight points of small order, canonical, and the encodings of them with y + p or a sign. */
const SMALL_ORDER: readonly Uint8Array[] = [
  encode(1n),
  encode(0n),
  encode(0n, true),
  encode(P - 1n),
  encode(0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n),
  encode(0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n, true),
  encode(0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n),
  encode(0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n, true),
  encode(1n, true),
  encode(P - 1n, true),
  encode(P),
  encode(P, true),
  encode(P + 1n),
  encode(P + 1n, true),
];

/** y = p + k for small k: the 19 encodings that are not canonical, points or not. */
const nonCanonical = fc
  .tuple(fc.bigInt({ min: 0n, max: 18n }), fc.boolean())
  .map(([k, sign]) => encode(P + k, sign));

const keyPairs: readonly KeyPair[] = [1, 2, 3].map((seed) =>
  noble.keyPairFromSeed(new Uint8Array(32).fill(seed)),
);

interface Case {
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
  readonly publicKey: Uint8Array;
}

const message = fc.uint8Array({ maxLength: 300 });
const signed: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom(...keyPairs), message)
  .map(([{ secretKey, publicKey }, text]) => ({
    signature: noble.sign(text, secretKey),
    message: text,
    publicKey,
  }));

const smallOrder = fc.oneof(fc.constantFrom(...SMALL_ORDER), nonCanonical);

const mutated: fc.Arbitrary<Case> = fc.oneof(
  fc.tuple(signed, fc.nat(255)).map(([c, bit]) => {
    return {
      ...c,
      signature: c.signature.with(bit >> 3, (c.signature[bit >> 3] ?? 0) ^ (1 << (bit & 7))),
    };
  }),
  fc.tuple(signed, fc.integer({ min: 256, max: 511 })).map(([c, bit]) => {
    return { ...c, signature: flipBit(c.signature, bit) };
  }),
  fc.tuple(signed, fc.nat(255)).map(([c, bit]) => ({ ...c, publicKey: flipBit(c.publicKey, bit) })),
  fc.tuple(signed, fc.nat()).map(([c, bit]) => {
    return { ...c, message: c.message.length > 0 ? flipBit(c.message, bit) : Uint8Array.of(1) };
  }),
  fc
    .tuple(signed, smallOrder)
    .map(([c, r]) => ({ ...c, signature: join(r, c.signature.subarray(32)) })),
  fc.tuple(signed, smallOrder).map(([c, publicKey]) => ({ ...c, publicKey })),
  fc.tuple(smallOrder, smallOrder, message).map(([r, publicKey, text]) => {
    return { signature: join(r, new Uint8Array(32)), message: text, publicKey };
  }),
  fc
    .tuple(
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      message,
    )
    .map(([signature, publicKey, text]) => ({ signature, message: text, publicKey })),
  signed,
);

test('single checks agree: kernel, node:crypto with fallback, noble', () => {
  let accepted = 0;
  fc.assert(
    fc.property(mutated, (c) => {
      const parts = [c.signature, c.message, c.publicKey] as const;
      const expected = noble.verify(...parts);
      assert.equal(native.kernel?.verifyOne(...parts), expected);
      assert.equal(nativeSuite.verify(...parts), expected);
      assert.equal(withoutKernel.suite(ALGORITHM.ed25519).verify(...parts), expected);
      accepted += expected ? 1 : 0;
    }),
    { numRuns: RUNS },
  );
  assert.ok(accepted > 0 && accepted < RUNS, 'the cases are of both kinds');
});

test('a batch says of each signature what noble says alone', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...keyPairs),
      fc.array(mutated, { minLength: 4, maxLength: 24 }),
      (pair, cases) => {
        // One key for all: half of the cases are signed anew so that good ones are among them.
        const batch = cases.map((c, i) => ({
          message: c.message,
          signature: i % 2 === 0 ? noble.sign(c.message, pair.secretKey) : c.signature,
        }));
        const expected = batch.map((c) =>
          noble.verify(c.signature, c.message, pair.publicKey) ? 1 : 0,
        );
        assert.deepEqual([...(native.kernel?.verifyMany(pair.publicKey, batch) ?? [])], expected);
      },
    ),
    { numRuns: 30 },
  );
});

test('a small-order key accepts exactly what noble accepts, in batches', () => {
  const cases = SMALL_ORDER.flatMap((publicKey) =>
    SMALL_ORDER.map((r) => ({ publicKey, signature: join(r, new Uint8Array(32)) })),
  );
  for (const [, group] of Map.groupBy(cases, ({ publicKey }) => publicKey)) {
    const items = group.map(({ signature }) => ({ signature, message: Uint8Array.of(7) }));
    const publicKey = group[0]?.publicKey ?? new Uint8Array(32);
    const expected = items.map((c) => (noble.verify(c.signature, c.message, publicKey) ? 1 : 0));
    assert.deepEqual([...(native.kernel?.verifyMany(publicKey, items) ?? [])], expected);
    assert.ok(
      expected.every((value) => value === 1),
      'ZIP 215 takes all of them',
    );
  }
});

/** y in 255 bits, little-endian, and the sign bit. */
function encode(y: bigint, sign = false): Uint8Array {
  const bytes = new Uint8Array(32);
  let rest = sign ? y | (1n << 255n) : y;
  for (let i = 0; i < 32; i++) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  return Uint8Array.from([...first, ...second]);
}
