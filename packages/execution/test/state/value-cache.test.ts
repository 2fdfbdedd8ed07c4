import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyHash, keyOf } from '../../src/state/byte-key.ts';
import { ValueCache } from '../../src/state/value-cache.ts';

const KNOWN = { hash: new Uint8Array(32), key: '', encoded: new Uint8Array(0) };

function bytes(length: number, number: number): Uint8Array {
  const value = new Uint8Array(length);
  new DataView(value.buffer).setUint32(length - 4, number);
  return value;
}

test('hashes of keys that differ in their last bytes only are spread', () => {
  const address = keyOf(bytes(20, 7));
  const accounts = Array.from({ length: 4_096 }, (_, i) => keyHash(keyOf(bytes(20, i))));
  const slots = Array.from({ length: 4_096 }, (_, i) => keyHash(address + keyOf(bytes(32, i))));
  // What follows the slot says only which life of the account it belongs to.
  const later = Array.from({ length: 4_096 }, (_, i) => {
    return keyHash(`${address}${keyOf(bytes(32, i))}\u0000\u0001`);
  });
  for (const hashes of [accounts, slots, later]) {
    assert.ok(new Set(hashes).size > 4_090);
    // 128 of them are expected in a sample of one in 32.
    const sampled = hashes.filter((hash) => hash < 2 ** 32 / 32).length;
    assert.ok(sampled > 80 && sampled < 180, `${sampled} sampled`);
  }
});

test('whoever listens is told each look-up; the bound is kept', () => {
  const cache = new ValueCache(512 * 64);
  assert.equal(cache.entriesMax, 64);
  const told: number[] = [];
  cache.onLookUp = (hash) => told.push(hash);
  for (let i = 0; i < 100; i++) {
    const key = keyOf(bytes(20, i));
    assert.equal(cache.account(key), undefined);
    cache.setAccount(key, { ...KNOWN, account: undefined });
  }
  assert.equal(told.length, 100);
  assert.equal(cache.entries, 64);
  cache.resize(32);
  assert.equal(cache.entries, 32);
  cache.resize(0);
  assert.equal(cache.entriesMax, 16);
});
