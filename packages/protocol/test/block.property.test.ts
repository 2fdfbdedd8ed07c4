import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  type BlockHash,
  type BlockHeader,
  concatBytes,
  createSigner,
  decodeBlock,
  decodeBlockPrefix,
  decodeEntry,
  decodeEntryPrefix,
  decodeForkProof,
  decodeGenesis,
  decodeHeader,
  decodeKeyState,
  decodeMerkleSignature,
  decodeRecovery,
  decodeRotation,
  encodeBlock,
  encodeEntry,
  encodeHeader,
  fromHex,
  type Hash32,
  type HashKind,
  type KeyId,
  namespaceId,
  nobleProvider,
  ProtocolError,
  signedBytes,
  toHex,
  verifySignature,
} from '../src/index.ts';

const hash32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

const headerArbitrary: fc.Arbitrary<BlockHeader> = fc.record(
  {
    version: fc.constant(2 as const),
    namespace: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(namespaceId),
    index: fc.maxSafeNat(),
    timestampMs: fc.maxSafeInteger().filter((value) => value >= -Number.MAX_SAFE_INTEGER),
    previous: hash32.map((bytes) => bytes as BlockHash),
    payloadHash: hash32.map((bytes) => bytes as Hash32),
    payloadType: fc.nat({ max: 0xffffffff }),
    payloadLength: fc.nat({ max: 16 * 1024 * 1024 }),
    algorithm: fc.constantFrom(1, 2, 3, 4, 5, 6, 17, 19, 20),
    payloadHashKind: fc.constantFrom<HashKind>(0, 1, 2),
    keyId: hash32.map((bytes) => bytes as KeyId),
  },
  { noNullPrototype: true },
);

test('headers, entries and blocks read back what was written', () => {
  const signature = fc.uint8Array({ maxLength: 300 });
  const payload = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(headerArbitrary, signature, payload, fc.nat({ max: 20 }), (header, s, p, pad) => {
      const whole = { ...header, payloadLength: p.length };
      const entry = decodeEntry(encodeEntry(encodeHeader(whole), s));
      assert.deepEqual(decodeHeader(encodeHeader(header)), header);
      assert.deepEqual(entry.header, whole);
      assert.deepEqual(entry.signature, s);
      const wire = encodeBlock({ entry, payload: p });
      const block = decodeBlock(wire);
      assert.deepEqual(block.entry.header, whole);
      assert.deepEqual(block.payload, p);
      const stream = concatBytes(new Uint8Array(pad), wire, wire);
      const first = decodeBlockPrefix(stream, pad);
      const second = decodeBlockPrefix(stream, first.end);
      assert.deepEqual(encodeBlock(first.block), wire);
      assert.deepEqual(encodeBlock(second.block), wire);
      assert.equal(second.end, stream.length);
    }),
  );
});

const v2 = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', 'block-v2.json'), 'utf8'));
const v1 = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', 'block-v1.json'), 'utf8'));
const rules = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', 'rules.json'), 'utf8'));

/** True when a block still verifies under the key: decoding may refuse it first. */
function isAccepted(wire: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    const { entry, payload } = decodeBlock(wire);
    return verifySignature(entry, publicKey, payload) === undefined;
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return false;
  }
}

function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}

test('any bit of a signed header turned breaks the block', () => {
  const signer = createSigner(nobleProvider.suite(1).keyPairFromSeed(new Uint8Array(32).fill(1)));
  const wire = fromHex(v2.blocks[0].wire);
  assert.ok(isAccepted(wire, signer.publicKey));
  fc.assert(
    fc.property(fc.nat({ max: 144 * 8 - 1 }), (bit) => {
      assert.ok(!isAccepted(flipBit(wire, bit), signer.publicKey), `bit ${bit}`);
    }),
    { numRuns: 300 },
  );
});

test('any bit of a version 1 block turned breaks it, the payload included', () => {
  const publicKey = fromHex(v1.key.publicKey);
  const wire = fromHex(v1.blocks[1].wire);
  assert.ok(isAccepted(wire, publicKey));
  const bits = fc.oneof(fc.nat({ max: 186 * 8 - 1 }), fc.nat({ max: wire.length * 8 - 1 }));
  fc.assert(
    fc.property(bits, (bit) => {
      assert.ok(!isAccepted(flipBit(wire, bit), publicKey), `bit ${bit}`);
    }),
    { numRuns: 300 },
  );
});

test('any bit of a Merkle-signed entry turned breaks it', () => {
  const batch = v2.batches.find((candidate: { size: number }) => candidate.size === 5);
  const key = v2.keys.find((candidate: { name: string }) => candidate.name === batch.key);
  const entry = fromHex(batch.blocks[2].entry);
  const publicKey = fromHex(key.publicKey);
  assert.ok(isAccepted(entry, publicKey));
  fc.assert(
    fc.property(fc.nat({ max: entry.length * 8 - 1 }), (bit) => {
      assert.ok(!isAccepted(flipBit(entry, bit), publicKey), `bit ${bit}`);
    }),
    { numRuns: 300 },
  );
});

/** Runs a decoder; anything but a ProtocolError is a defect. */
function survives(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `not a ProtocolError: ${error}`);
  }
}

const decoders: readonly ((bytes: Uint8Array) => unknown)[] = [
  decodeHeader,
  decodeEntry,
  decodeBlock,
  (bytes) => decodeEntryPrefix(bytes, 0),
  (bytes) => decodeBlockPrefix(bytes, bytes.length >> 1),
  decodeGenesis,
  decodeRotation,
  decodeRecovery,
  decodeKeyState,
  decodeForkProof,
  decodeMerkleSignature,
];

const samples: readonly Uint8Array[] = [
  v2.blocks[0].wire,
  v2.blocks[2].entry,
  v2.batches[3].blocks[2].wire,
  v2.batches[3].blocks[2].signature,
  v1.blocks[1].wire,
  ...v2.genesis.map((vector: { payload: string }) => vector.payload),
  v2.rotations[0].payload,
  v2.recoveries[2].payload,
  rules.forkProofs[0].proof,
].map(fromHex);

const change = fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }) });

test('mutated, cut and grown bytes meet ProtocolError and nothing else', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(change, { maxLength: 6 }),
      fc.integer({ min: -40, max: 40 }),
      (sample, changes, grow) => {
        const bytes = new Uint8Array(Math.max(0, sample.length + grow));
        bytes.set(sample.subarray(0, bytes.length));
        for (const { at, byte } of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        for (const decode of decoders) survives(() => decode(bytes));
        survives(() => {
          const { entry, payload } = decodeBlock(bytes);
          verifySignature(entry, new Uint8Array(32), payload);
        });
      },
    ),
    { numRuns: 3000 },
  );
});

test('random bytes meet ProtocolError and nothing else', () => {
  const start = fc.constantFrom('', '4f4c0200', '0107', '01', '02');
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 400 }), (prefix, tail) => {
      const bytes = concatBytes(fromHex(prefix), tail);
      for (const decode of decoders) survives(() => decode(bytes));
    }),
    { numRuns: 2000 },
  );
});

test('what a payload decoder accepts, its encoder writes the same way', async () => {
  const { encodeGenesis, encodeKeyState, encodeRotation, encodeForkProof } = await import(
    '../src/index.ts'
  );
  const pairs: readonly [(bytes: Uint8Array) => Uint8Array, string][] = [
    [(bytes) => encodeGenesis(decodeGenesis(bytes)), 'genesis'],
    [(bytes) => encodeRotation(decodeRotation(bytes)), 'rotation'],
    [(bytes) => encodeKeyState(decodeKeyState(bytes)), 'key state'],
    [(bytes) => encodeForkProof(decodeForkProof(bytes)), 'fork proof'],
  ];
  fc.assert(
    fc.property(fc.constantFrom(...samples), fc.array(change, { maxLength: 2 }), (sample, list) => {
      const bytes = sample.slice();
      for (const { at, byte } of list) bytes[at % bytes.length] = byte;
      for (const [recode, name] of pairs) {
        survives(() => assert.equal(toHex(recode(bytes)), toHex(bytes), name));
      }
    }),
    { numRuns: 2000 },
  );
});

test('a signature of one header is no signature of another', () => {
  const suite = nobleProvider.suite(1);
  const pair = suite.keyPairFromSeed(new Uint8Array(32).fill(3));
  fc.assert(
    fc.property(headerArbitrary, headerArbitrary, (a, b) => {
      const [first, second] = [encodeHeader(a), encodeHeader(b)];
      fc.pre(toHex(first) !== toHex(second));
      const signature = suite.sign(signedBytes(first), pair.secretKey);
      assert.ok(!suite.verify(signature, signedBytes(second), pair.publicKey));
    }),
    { numRuns: 30 },
  );
});
