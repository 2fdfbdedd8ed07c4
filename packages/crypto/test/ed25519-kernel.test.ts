import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { fromHex } from '@basalt/protocol';
import {
  createEd25519Kernel,
  type Ed25519Kernel,
  type SignedMessage,
} from '../src/kernel/ed25519-kernel.ts';
import { flipBit } from './support.ts';

const WASM = new URL('../build/ed25519-batch.wasm', import.meta.url);

/** Order of the base point, and the identity and a point of order 2 as encodings. */
const L_HEX = 'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010';
const IDENTITY = fromHex(`01${'00'.repeat(31)}`);
const ORDER_TWO = fromHex(`ec${'ff'.repeat(30)}7f`);

interface Signing {
  readonly publicKey: Uint8Array;
  readonly items: SignedMessage[];
}

function signMany(count: number, messageBytes = 160): Signing {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(12);
  const items = Array.from({ length: count }, (_, i) => {
    const message = new Uint8Array(messageBytes).fill(i);
    return { message, signature: new Uint8Array(sign(null, message, privateKey)) };
  });
  return { publicKey: new Uint8Array(raw), items };
}

function badPositions(status: Uint8Array): number[] {
  return [...status].flatMap((value, i) => (value === 1 ? [] : [i]));
}

describe('Ed25519 batch kernel', () => {
  let kernel: Ed25519Kernel;

  before(() => {
    const created = createEd25519Kernel();
    assert.ok(created, 'the kernel is compiled by tools/bootstrap.mjs and this engine can run it');
    kernel = created;
  });

  test('accepts batches of any size, over the boundaries of its own batches', () => {
    for (const count of [0, 1, 2, 3, 4, 5, 12, 13, 64, 2047, 2048, 2049]) {
      const { publicKey, items } = signMany(count);
      assert.deepEqual(badPositions(kernel.verifyMany(publicKey, items)), [], `count ${count}`);
    }
  });

  test('names exactly one bad signature, at each position', () => {
    const { publicKey, items } = signMany(70);
    items.forEach((item, position) => {
      for (const bit of [3, 8 * 32 + 3]) {
        const batch = items.with(position, { ...item, signature: flipBit(item.signature, bit) });
        assert.deepEqual(badPositions(kernel.verifyMany(publicKey, batch)), [position]);
      }
    });
  });

  test('names many bad signatures, also when all are bad', () => {
    const { publicKey, items } = signMany(200);
    const spoil = (item: SignedMessage): SignedMessage => ({
      ...item,
      message: flipBit(item.message, 77),
    });
    for (const step of [1, 2, 3, 50]) {
      const batch = items.map((item, i) => (i % step === 0 ? spoil(item) : item));
      const expected = items.flatMap((_, i) => (i % step === 0 ? [i] : []));
      assert.deepEqual(badPositions(kernel.verifyMany(publicKey, batch)), expected);
    }
  });

  test('two forgeries whose errors cancel in a plain sum are both named', () => {
    const { publicKey, items } = signMany(20);
    const [first, second] = items;
    assert.ok(first && second);
    // s + 1 in one and s - 1 in the other: the sum of the s is unchanged.
    const more = addToScalar(first.signature, 1n);
    const less = addToScalar(second.signature, -1n);
    const batch = [
      { ...first, signature: more },
      { ...second, signature: less },
      ...items.slice(2),
    ];
    assert.deepEqual(badPositions(kernel.verifyMany(publicKey, batch)), [0, 1]);
  });

  test('messages of any length, also those hashed outside', () => {
    for (const bytes of [0, 47, 48, 63, 64, 65, 111, 112, 127, 128, 129, 16_384, 16_385, 200_000]) {
      const { publicKey, items } = signMany(5, bytes);
      assert.deepEqual(badPositions(kernel.verifyMany(publicKey, items)), [], `${bytes} bytes`);
      const [first] = items;
      assert.ok(first);
      if (bytes === 0) continue;
      const batch = items.with(2, { ...first, message: flipBit(first.message, 8 * bytes - 1) });
      assert.deepEqual(badPositions(kernel.verifyMany(publicKey, batch)), [2], `${bytes} bytes`);
    }
  });

  test('S must be below L: S + L is refused, alone and in a batch', () => {
    const { publicKey, items } = signMany(10);
    const [first] = items;
    assert.ok(first);
    const signature = addToScalar(first.signature, toInteger(fromHex(L_HEX)));
    assert.equal(kernel.verifyOne(signature, first.message, publicKey), false);
    const batch = items.with(0, { ...first, signature });
    assert.deepEqual(badPositions(kernel.verifyMany(publicKey, batch)), [0]);
  });

  test('small-order keys and R are accepted, single and in batches (ZIP 215)', () => {
    const signature = new Uint8Array(64);
    for (const key of [IDENTITY, ORDER_TWO]) {
      for (const r of [IDENTITY, ORDER_TWO]) {
        signature.set(r);
        const message = new Uint8Array(160);
        assert.equal(kernel.verifyOne(signature, message, key), true);
        const batch = Array.from({ length: 30 }, (_, i) => ({
          signature: signature.slice(),
          message: message.slice().fill(i),
        }));
        assert.deepEqual(badPositions(kernel.verifyMany(key, batch)), []);
      }
    }
  });

  test('bytes of a wrong length or a key that is no point are not valid', () => {
    const { publicKey, items } = signMany(6);
    const [first] = items;
    assert.ok(first);
    const short = items.with(1, { ...first, signature: first.signature.subarray(0, 63) });
    assert.deepEqual(badPositions(kernel.verifyMany(publicKey, short)), [1]);
    const noPoint = new Uint8Array(32).fill(2);
    assert.equal(badPositions(kernel.verifyMany(noPoint, items)).length, 6);
    assert.equal(badPositions(kernel.verifyMany(publicKey.subarray(1), items)).length, 6);
    assert.deepEqual(badPositions(kernel.verifyMany(publicKey, items)), []);
  });

  test('a change of key in between does not leave tables of the other behind', () => {
    const a = signMany(8);
    const b = signMany(8);
    for (let round = 0; round < 3; round++) {
      assert.deepEqual(badPositions(kernel.verifyMany(a.publicKey, a.items)), []);
      assert.deepEqual(badPositions(kernel.verifyMany(b.publicKey, b.items)), []);
      assert.equal(badPositions(kernel.verifyMany(a.publicKey, b.items)).length, 8);
    }
  });
});

describe('a kernel that computes wrongly is refused when it is made', () => {
  test('each constant of the curve, damaged', () => {
    const good = readFileSync(WASM);
    const constants = {
      d: 'a3785913ca4deb75',
      'square root of -1': 'b0a00e4a271beec4',
      'order L': 'edd3f55c1a631258',
      'base point': '5866666666666666',
      'first round constant of SHA-512': '22ae28d7982f8a42',
    };
    for (const [name, hex] of Object.entries(constants)) {
      const at = good.indexOf(Buffer.from(hex, 'hex'));
      assert.ok(at > 0, `the constant is in the module: ${name}`);
      const bad = new Uint8Array(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      assert.equal(createEd25519Kernel(new WebAssembly.Module(bad)), undefined, name);
    }
    assert.ok(createEd25519Kernel(new WebAssembly.Module(new Uint8Array(good))));
  });
});

/** The signature with `amount` added to its scalar, no reduction. */
function addToScalar(signature: Uint8Array, amount: bigint): Uint8Array {
  const changed = signature.slice();
  let value = toInteger(signature.subarray(32)) + amount;
  for (let i = 32; i < 64; i++) {
    changed[i] = Number(value & 0xffn);
    value >>= 8n;
  }
  return changed;
}

function toInteger(littleEndian: Uint8Array): bigint {
  return littleEndian.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
