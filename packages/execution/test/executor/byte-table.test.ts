import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { ByteTable, hashBytes } from '../../src/executor/byte-table.ts';

test('a table is a map that keeps the order of first use', () => {
  const key = fc.uint8Array({ minLength: 4, maxLength: 4, max: 3 });
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.nat())), fc.integer(), (writes, seed) => {
      const table = new ByteTable<number>(seed);
      const map = new Map<string, number>();
      for (const [bytes, value] of writes) {
        assert.equal(table.get(bytes), map.get(bytesToHex(bytes)));
        table.set(bytes, value);
        map.set(bytesToHex(bytes), value);
      }
      assert.equal(table.size, map.size);
      assert.deepEqual(
        [...table].map(([bytes, value]) => [bytesToHex(bytes), value]),
        [...map],
      );
    }),
  );
});

test('whoever chooses keys does not choose places: no two words cancel out for every seed', () => {
  // A multiplication by anything odd leaves a difference in the highest bit where it is.
  const one = new Uint8Array(32);
  const other = new Uint8Array(32);
  for (let shift = 1; shift < 20; shift++) {
    const view = new DataView(other.buffer);
    view.setUint32(8, 0x8000_0000, true);
    view.setUint32(12, (0x8000_0000 | (0x8000_0000 >>> shift)) >>> 0, true);
    let same = 0;
    for (let seed = 1; seed <= 200; seed++) {
      if (hashBytes(one, seed * 7_919) === hashBytes(other, seed * 7_919)) same++;
    }
    assert.ok(same < 5, `equal for ${same} of 200 seeds`);
  }
});
