import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { suite, test } from 'node:test';
import { isAdmin } from '../src/admin-token.ts';
import { GatewayError } from '../src/errors.ts';
import { assertMediaType, readBody } from '../src/http/body.ts';
import { MemoryBudget } from '../src/http/memory-budget.ts';
import { ResponseCache } from '../src/http/response-cache.ts';
import { AddressBuckets, isLoopback, TokenBucket } from '../src/http/token-bucket.ts';

function incoming(chunks: readonly string[], headers: Record<string, string> = {}) {
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  return Object.assign(stream, { headers }) as unknown as IncomingMessage;
}

function code(expected: string) {
  return (error: unknown): boolean => error instanceof GatewayError && error.code === expected;
}

suite('bodies', () => {
  test('a body within the limit is whole, and gives its bytes back', async () => {
    const budget = new MemoryBudget(100);
    const body = await readBody(incoming(['abc', 'def']), 6, budget);
    assert.equal(Buffer.from(body.bytes).toString(), 'abcdef');
    assert.equal(budget.usedBytes, 6);
    body.release();
    assert.equal(budget.usedBytes, 0);
  });

  test('one byte more is refused, announced or not, and nothing stays taken', async () => {
    const budget = new MemoryBudget(100);
    await assert.rejects(readBody(incoming(['abc', 'defg']), 6, budget), code('body-too-large'));
    const announced = incoming(['x'], { 'content-length': '7' });
    await assert.rejects(readBody(announced, 6, budget), code('body-too-large'));
    assert.equal(budget.usedBytes, 0);
  });

  test('the chunks behind the limit are not read', async () => {
    let produced = 0;
    const source = Readable.from(
      (function* () {
        for (; produced < 1_000; produced++) yield Buffer.alloc(10);
      })(),
      { highWaterMark: 1 },
    );
    const request = Object.assign(source, { headers: {} }) as unknown as IncomingMessage;
    await assert.rejects(readBody(request, 25, new MemoryBudget(1e6)), code('body-too-large'));
    assert.ok(produced < 10, `${produced} chunks were read`);
  });

  test('when the budget is used up, the next body is told to come back', async () => {
    const budget = new MemoryBudget(5);
    const first = await readBody(incoming(['abcde']), 10, budget);
    await assert.rejects(readBody(incoming(['f']), 10, budget), code('overloaded'));
    first.release();
    await readBody(incoming(['f']), 10, budget);
  });

  test('content codings and foreign types are refused', async () => {
    const coded = incoming(['x'], { 'content-encoding': 'gzip' });
    const refusal = code('unsupported-media-type');
    await assert.rejects(readBody(coded, 10, new MemoryBudget(10)), refusal);
    const typed = (type: string) => incoming([], { 'content-type': type });
    assertMediaType(typed('Application/JSON; charset=utf-8'), 'application/json');
    assertMediaType(incoming([]), 'application/json');
    assert.throws(() => assertMediaType(typed('text/plain'), 'application/json'), refusal);
  });
});

suite('rate limits', () => {
  test('a bucket spends its burst, then its rate', () => {
    let nowMs = 0;
    const clock = { nowMs: () => nowMs };
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, nowMs);
    for (let i = 0; i < 5; i++) assert.equal(bucket.take(1, clock), true);
    assert.equal(bucket.take(1, clock), false);
    assert.equal(bucket.secondsUntil(1, clock), 1);
    nowMs = 100;
    assert.equal(bucket.take(1, clock), true);
    assert.equal(bucket.take(1, clock), false);
    nowMs = 60_000;
    assert.equal(bucket.take(6, clock), false, 'never more than the burst at once');
    assert.equal(bucket.take(5, clock), true);
    assert.equal(bucket.secondsUntil(5, clock), 1);
  });

  test('over a long time no pattern of questions beats the rate by more than two bursts', () => {
    let nowMs = 0;
    const clock = { nowMs: () => nowMs };
    const bucket = new TokenBucket({ perSecond: 100, burst: 50 }, nowMs);
    let taken = 0;
    for (; nowMs < 10_000; nowMs++) {
      if (nowMs % 700 < 300) while (bucket.take(1, clock)) taken++;
    }
    assert.ok(taken <= 1_000 + 2 * 50, `${taken} tokens`);
  });

  test('a clock that runs back gives nothing', () => {
    let nowMs = 10_000;
    const clock = { nowMs: () => nowMs };
    const bucket = new TokenBucket({ perSecond: 1_000, burst: 1 }, nowMs);
    assert.equal(bucket.take(1, clock), true);
    nowMs = 0;
    assert.equal(bucket.take(1, clock), false);
  });

  test('addresses are bounded, loopback has its own limit, IPv6 counts by network', () => {
    const loopback = { perSecond: 9, burst: 9 };
    const remote = { perSecond: 1, burst: 1 };
    const buckets = new AddressBuckets({ loopback, remote, addressesMax: 3 });
    assert.equal(buckets.bucket('127.0.0.1', 0).limit, loopback);
    assert.equal(buckets.bucket('::ffff:127.0.0.1', 0), buckets.bucket('127.0.0.1', 0));
    assert.equal(buckets.bucket('192.0.2.1', 0).limit, remote);
    const first = buckets.bucket('2001:db8::1', 0);
    assert.equal(buckets.bucket('2001:db8:0:0:ffff::2', 0), first);
    assert.notEqual(buckets.bucket('2001:db8:0:1::1', 0), first);
    for (let i = 0; i < 100; i++) buckets.bucket(`198.51.100.${i}`, 0);
    assert.equal(buckets.size, 3);
  });

  test('what is loopback', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost', '::ffff:127.0.0.1']) {
      assert.equal(isLoopback(host), true, host);
    }
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.evil.example', '128.0.0.1', '']) {
      assert.equal(isLoopback(host), false, host);
    }
  });
});

suite('the cache of prepared answers', () => {
  const sized = (sizeBytes: number) => ({ sizeBytes });

  test('it holds its bound and keeps what is used', () => {
    const cache = new ResponseCache<{ sizeBytes: number }>(1_000, 500);
    cache.set('hot', sized(100), 0);
    for (let i = 0; i < 200; i++) {
      cache.set(`cold-${i}`, sized(100), 0);
      assert.ok(cache.get('hot') !== undefined, `gone after ${i}`);
      assert.ok(cache.sizeBytes <= 1_000);
    }
    assert.equal(cache.count, 10);
  });

  test('large entries are not kept, replaced ones are not counted twice', () => {
    const cache = new ResponseCache<{ sizeBytes: number }>(1_000, 500);
    assert.equal(cache.set('large', sized(501), 0), false);
    cache.set('a', sized(400), 0);
    cache.set('a', sized(300), 0);
    assert.equal(cache.sizeBytes, 300);
    cache.delete('a');
    assert.equal(cache.sizeBytes, 0);
  });

  test('a smaller bound drops what is too much at once, a larger one lets more in', () => {
    const cache = new ResponseCache<{ sizeBytes: number }>(1_000, 500);
    for (let i = 0; i < 10; i++) cache.set(`a${i}`, sized(100), 0);
    for (let i = 0; i < 10; i++) cache.get(`a${i}`);
    cache.resize(300);
    assert.equal(cache.sizeBytes, 300);
    cache.resize(2_000);
    for (let i = 0; i < 30; i++) cache.set(`b${i}`, sized(100), 0);
    assert.equal(cache.sizeBytes, 2_000);
  });

  test('its shadow tells what other sizes would hit, in bytes', () => {
    const cache = new ResponseCache<{ sizeBytes: number }>(1_000, 500);
    // A loop over 40 answers: ten places never hit, forty always do.
    for (let i = 0; i < 4_000; i++) {
      const key = `/chains/x/blocks/${i % 40}`;
      cache.asked(key);
      if (cache.get(key) === undefined) cache.set(key, sized(100), 0);
    }
    const at = (bytes: number): number =>
      cache.points().findLast(({ size }) => size <= bytes)?.hitRatio ?? 0;
    assert.ok(at(1_000) < 0.05 && at(5_000) > 0.9, `${at(1_000)} ${at(5_000)}`);
  });

  test('what began to load before it was cleared is not kept', () => {
    const cache = new ResponseCache<{ sizeBytes: number }>(1_000, 500);
    const { generation } = cache;
    cache.clear();
    assert.equal(cache.set('stale', sized(1), generation), false);
    assert.equal(cache.set('fresh', sized(1), cache.generation), true);
  });
});

test('the admin token is compared whole', () => {
  assert.equal(isAdmin('Bearer secret', 'secret'), true);
  assert.equal(isAdmin('bearer  secret ', 'secret'), true);
  for (const value of [undefined, '', 'secret', 'Basic secret', 'Bearer secre', 'Bearer secrets']) {
    assert.equal(isAdmin(value, 'secret'), false, String(value));
  }
  assert.equal(isAdmin('Bearer ', undefined), false);
  assert.equal(isAdmin('Bearer undefined', undefined), false);
});
