import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createS3Fifo } from '../../src/cache/s3-fifo.ts';

test('a smaller bound keeps what is hot, a larger one keeps all', () => {
  const cache = createS3Fifo<number, number>(10_000);
  for (let key = 0; key < 10_000; key++) cache.set(key, key);
  const hot = Array.from({ length: 500 }, (_, i) => i * 17);
  for (let round = 0; round < 4; round++) for (const key of hot) cache.get(key);
  cache.resize(1_000);
  assert.equal(cache.size, 1_808);
  cache.resize(1_000);
  assert.equal(cache.size, 1_000);
  assert.deepEqual(
    hot.filter((key) => cache.get(key) === undefined),
    [],
  );
  cache.resize(20_000);
  assert.equal(cache.size, 1_000);
  for (let key = 10_000; key < 40_000; key++) cache.set(key, key);
  assert.equal(cache.size, 20_000);
});

test('a cache over its bound becomes smaller with each key that comes', () => {
  const cache = createS3Fifo<number, number>(20_000);
  for (let key = 0; key < 20_000; key++) cache.set(key, key);
  cache.resize(100);
  assert.equal(cache.size, 20_000 - 8_192);
  for (let key = 20_000; key < 24_000; key++) cache.set(key, key);
  assert.equal(cache.size, 100);
});

test('bounds that change at any time hold, and values stay the last ones', () => {
  const step = fc.record({
    kind: fc.constantFrom('get', 'set', 'resize', 'delete'),
    number: fc.integer({ min: 1, max: 60 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const cache = createS3Fifo<number, number>(20);
      const last = new Map<number, number>();
      let bound = 20;
      for (const [time, { kind, number }] of steps.entries()) {
        if (kind === 'resize') {
          bound = number;
          cache.resize(bound);
        } else if (kind === 'set') {
          cache.set(number, time);
          last.set(number, time);
        } else if (kind === 'delete') {
          cache.delete(number);
        } else {
          const found = cache.get(number);
          assert.ok(found === undefined || found === last.get(number));
        }
        assert.ok(cache.size <= bound);
      }
    }),
  );
});
