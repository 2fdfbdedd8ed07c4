import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bloom } from '@ethereumjs/vm';
import fc from 'fast-check';
import { BloomBuilder, logsBloom } from '../../src/block/bloom.ts';

const address = fc.uint8Array({ minLength: 20, maxLength: 20 });
const topic = fc.uint8Array({ minLength: 32, maxLength: 32 });
const log = fc.record({
  address,
  topics: fc.array(topic, { maxLength: 4 }),
  data: fc.uint8Array({ maxLength: 8 }),
});

test('blooms are those of another implementation, however often their bits were seen', () => {
  const builder = new BloomBuilder();
  fc.assert(
    fc.property(fc.array(log, { maxLength: 20 }), (logs) => {
      const expected = new Bloom();
      for (const each of logs) {
        expected.add(each.address);
        for (const one of each.topics) expected.add(one);
      }
      assert.deepEqual(logsBloom(logs, builder), expected.bitvector);
      assert.deepEqual(logsBloom(logs, builder), expected.bitvector, 'from the cache');
      for (const each of logs) {
        assert.ok(builder.mayContain(expected.bitvector, each.address));
      }
    }),
  );
  assert.ok(builder.hits > 0 && builder.misses > 0);
});

test('items that differ only in front, and share a place, are told apart', () => {
  const builder = new BloomBuilder();
  // The place is found by the last 12 bytes: these two have the same.
  const one = new Uint8Array(32).fill(1);
  const other = new Uint8Array(32).fill(1);
  other[0] = 2;
  const short = one.subarray(12);
  for (const item of [one, other, short, one, short, other]) {
    const expected = new Bloom();
    expected.add(item);
    const found = logsBloom([{ address: item, topics: [], data: new Uint8Array(0) }], builder);
    assert.deepEqual(found, expected.bitvector);
  }
});
