import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BloomBuilder, logsBloom } from '../../src/block/bloom.ts';
import { decodeReceipt, encodeReceipt } from '../../src/block/receipt.ts';

const logs = [
  {
    address: new Uint8Array(20).fill(1),
    topics: [new Uint8Array(32).fill(2), new Uint8Array(32).fill(3)],
    data: Uint8Array.of(1, 2, 3),
  },
  { address: new Uint8Array(20).fill(4), topics: [], data: new Uint8Array(0) },
];
const bloom = logsBloom(logs, new BloomBuilder());
const base = { succeeded: true, cumulativeGasUsed: 123_456n, bloom, logs };

test('receipts of every type, and those before Byzantium, decode to what was encoded', () => {
  const roots = [undefined, new Uint8Array(32).fill(7)];
  for (const type of [0, 1, 2, 3, 4]) {
    for (const stateRoot of type === 0 ? roots : [undefined]) {
      const receipt = { ...base, type, stateRoot };
      const encoded = encodeReceipt(receipt);
      assert.equal(encoded[0], type === 0 ? 0xf9 : type);
      assert.deepEqual(decodeReceipt(encoded), receipt);
    }
  }
  const failed = { ...base, type: 2, stateRoot: undefined, succeeded: false };
  assert.deepEqual(decodeReceipt(encodeReceipt(failed)), failed);
});

test('what is no receipt is refused', () => {
  const encoded = encodeReceipt({ ...base, type: 0, stateRoot: undefined });
  const bad = [
    new Uint8Array(0),
    encoded.subarray(0, -1),
    Uint8Array.of(...encoded, 0),
    Uint8Array.of(5, ...encoded),
    Uint8Array.of(0x80),
    // A status of 2.
    encoded.map((byte, at) => (at === 3 ? 2 : byte)),
  ];
  for (const bytes of bad) assert.throws(() => decodeReceipt(bytes), { code: 'malformed-rlp' });
});
