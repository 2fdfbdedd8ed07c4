import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import {
  depositData,
  EMPTY_REQUESTS_HASH,
  requestOf,
  requestsHash,
} from '../../src/chain/requests.ts';

const CONTRACT = new Uint8Array(20).fill(0xde);
const TOPIC = hexToBytes('649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5');

const word = (value: number): Uint8Array => {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(28, value);
  return bytes;
};
const padded = (bytes: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(Math.ceil(bytes.length / 32) * 32);
  whole.set(bytes);
  return whole;
};

/** ABI encoding of five byte strings, as any compiler makes it. */
function eventData(parts: readonly Uint8Array[]): Uint8Array {
  let offset = parts.length * 32;
  const heads: Uint8Array[] = [];
  const tails: Uint8Array[] = [];
  for (const part of parts) {
    heads.push(word(offset));
    const tail = concatBytes(word(part.length), padded(part));
    tails.push(tail);
    offset += tail.length;
  }
  return concatBytes(...heads, ...tails);
}

const parts = [48, 32, 8, 96, 8].map((length, index) => new Uint8Array(length).fill(index + 1));
const data = eventData(parts);
const log = { address: CONTRACT, topics: [TOPIC], data };

test('deposits are the fields of their events without anything between (EIP-6110)', () => {
  assert.deepEqual(depositData([log], CONTRACT), concatBytes(...parts));
  assert.equal(depositData([log, log], CONTRACT).length, 2 * 192);
  const others = [
    { ...log, address: new Uint8Array(20) },
    { ...log, topics: [new Uint8Array(32)] },
    { ...log, topics: [] },
  ];
  assert.equal(depositData(others, CONTRACT).length, 0);
});

test('an event of another layout makes its block invalid', () => {
  const bad = [
    data.subarray(0, -32),
    eventData([...parts.slice(0, 4), new Uint8Array(40)]),
    // Offsets and lengths that are not the contract's.
    data.map((byte, at) => (at === 31 ? byte ^ 1 : byte)),
    data.map((byte, at) => (at === 0 ? 1 : byte)),
    data.map((byte, at) => (at === 191 ? byte ^ 1 : byte)),
  ];
  for (const each of bad) {
    assert.throws(() => depositData([{ ...log, data: each }], CONTRACT), { code: 'invalid-block' });
  }
});

test('requests are hashed by type, those without data left out (EIP-7685)', () => {
  assert.equal(
    bytesToHex(requestsHash([])),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  );
  assert.deepEqual(EMPTY_REQUESTS_HASH, requestsHash([]));
  const requests = [...requestOf(0, Uint8Array.of(7)), ...requestOf(1, new Uint8Array(0))];
  assert.deepEqual(requests, [Uint8Array.of(0, 7)]);
  assert.deepEqual(requestsHash(requests), sha256(sha256(Uint8Array.of(0, 7))));
});
