import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLru } from '../../bench/cache-policies/lru.ts';
import { createSieve } from '../../bench/cache-policies/sieve.ts';
import { createWTinyLfu } from '../../bench/cache-policies/w-tinylfu.ts';
import { createS3Fifo } from '../../src/cache/s3-fifo.ts';
import type { CreateCache } from '../../src/cache/types.ts';

const POLICIES: Readonly<Record<string, CreateCache>> = {
  LRU: createLru,
  SIEVE: createSieve,
  'S3-FIFO': createS3Fifo,
  'W-TinyLFU': createWTinyLfu,
};

const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('get'), key: fc.nat(60) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('set'), key: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete'), key: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear'), key: fc.constant(0) }) },
);

for (const [name, create] of Object.entries(POLICIES)) {
  test(`${name}: never more than it may, never a value that is not the last`, () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400 }), fc.integer({ min: 1, max: 30 }), run),
    );

    function run(operations: readonly { kind: string; key: number }[], entriesMax: number): void {
      const cache = create<number, number>(entriesMax);
      const last = new Map<number, number>();
      for (const [time, { kind, key }] of operations.entries()) {
        if (kind === 'set') {
          cache.set(key, time);
          last.set(key, time);
          assert.equal(cache.get(key), time, 'what was set just now is there');
        } else if (kind === 'delete') {
          cache.delete(key);
          last.delete(key);
        } else if (kind === 'clear') {
          cache.clear();
          last.clear();
          assert.equal(cache.size, 0);
        } else {
          const found = cache.get(key);
          assert.ok(found === undefined || found === last.get(key));
        }
        assert.ok(cache.size <= entriesMax);
      }
    }
  });

  test(`${name}: keys that come again and again stay, whatever passes by once`, () => {
    const cache = create<string, number>(100);
    let hits = 0;
    let stranger = 0;
    for (let round = 0; round < 400; round++) {
      for (let key = 0; key < 20; key++) {
        if (cache.get(`hot ${key}`) === undefined) cache.set(`hot ${key}`, key);
        else hits++;
        stranger++;
        if (cache.get(`once ${stranger}`) === undefined) cache.set(`once ${stranger}`, stranger);
      }
    }
    assert.ok(hits / (400 * 20) > 0.9, `${hits} hits of ${400 * 20}`);
  });
}
