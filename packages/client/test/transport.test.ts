import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffMs, pauseMs, retryAfterMs } from '../src/backoff.ts';
import { ClientError } from '../src/index.ts';
import { createTransport, type FetchFunction, type Transport } from '../src/transport.ts';
import { problem } from './fake-node.ts';
import { isCode } from './setup.ts';
import { createSeededRandom, createVirtualTime, type VirtualTime } from './virtual-time.ts';

const TIMEOUT_MS = 30_000;

function setup(fetch: FetchFunction, retries = 5): { transport: Transport; time: VirtualTime } {
  const time = createVirtualTime();
  const { clock, scheduler } = time;
  const random = createSeededRandom(3);
  const url = 'http://node.test';
  const parts = { url, fetch, clock, scheduler, random, retries, timeoutMs: TIMEOUT_MS };
  return { transport: createTransport(parts), time };
}

/** Waits between attempts: every delay that is not the time-out of a request. */
function pauses(time: VirtualTime): number[] {
  return time.delaysMs.filter((delayMs) => delayMs !== TIMEOUT_MS);
}

test('a network error is tried again with growing pauses, then told', async () => {
  let calls = 0;
  const { transport, time } = setup(async () => {
    calls++;
    throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
  });
  await assert.rejects(transport.request('/x'), (error) => {
    isCode('network', 'unavailable')(error);
    assert.match(String(error), /ECONNREFUSED/);
    return true;
  });
  assert.equal(calls, 6);
  const waited = pauses(time);
  assert.equal(waited.length, 5);
  for (const [attempt, delayMs] of waited.entries()) {
    assert.ok(delayMs >= 100 * 2 ** attempt && delayMs <= 200 * 2 ** attempt, `${waited}`);
  }
  assert.equal(time.pending(), 0, 'no timer is left');
});

test('503 with Retry-After is waited for at least as long as asked', async () => {
  let calls = 0;
  const { transport, time } = setup(async () => {
    calls++;
    return calls < 3 ? problem(503, 'queue-full', { 'retry-after': '7' }) : new Response('ok');
  });
  const reply = await transport.request('/x');
  assert.equal(new TextDecoder().decode(reply.body), 'ok');
  assert.equal(calls, 3);
  assert.ok(pauses(time).every((delayMs) => delayMs >= 7_000 && delayMs < 7_500));
});

test('a Retry-After of more than a minute is left to the caller', async () => {
  let calls = 0;
  const { transport } = setup(async () => {
    calls++;
    return problem(429, 'too-many-requests', { 'retry-after': '3600' });
  });
  await assert.rejects(transport.request('/x'), isCode('too-many-requests', 'unavailable'));
  assert.equal(calls, 1);
});

test('what the node refuses is not asked twice, and keeps code and facts', async () => {
  let calls = 0;
  const { transport } = setup(async () => {
    calls++;
    const body = { code: 'wrong-writer', detail: 'another key', index: 5, status: 422 };
    return Response.json(body, { status: 422 });
  });
  await assert.rejects(transport.request('/x'), (error) => {
    isCode('wrong-writer', 'rejected')(error);
    assert.ok(error instanceof ClientError);
    assert.equal(error.message, 'another key');
    assert.equal(error.metadata['index'], 5);
    assert.equal(error.metadata['status'], 422);
    return true;
  });
  assert.equal(calls, 1);
});

test('an error without a problem document is http-error', async () => {
  const { transport } = setup(async () => new Response('<h1>no</h1>', { status: 418 }));
  await assert.rejects(transport.request('/x'), isCode('http-error', 'rejected'));
});

test('an answer that does not come ends in a time-out, each attempt anew', async () => {
  let calls = 0;
  const { transport, time } = setup((_url, init) => {
    calls++;
    return new Promise((_resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
    });
  }, 2);
  await assert.rejects(transport.request('/x'), isCode('timeout', 'unavailable'));
  assert.equal(calls, 3);
  assert.equal(time.delaysMs.filter((delayMs) => delayMs === TIMEOUT_MS).length, 3);
});

test('a body that stops in the middle ends in a time-out', async () => {
  const { transport } = setup(async (_url, init) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(3));
        init.signal?.addEventListener('abort', () => controller.error(init.signal?.reason));
      },
    });
    return new Response(body);
  }, 0);
  await assert.rejects(transport.request('/x'), isCode('timeout', 'unavailable'));
});

test('the caller can end a request and the pause before the next', async () => {
  const controller = new AbortController();
  const { transport, time } = setup((_url, init) => {
    queueMicrotask(() => controller.abort());
    return new Promise((_resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
    });
  });
  const { signal } = controller;
  await assert.rejects(transport.request('/x', { signal }), isCode('aborted', 'aborted'));
  await assert.rejects(transport.request('/x', { signal }), isCode('aborted', 'aborted'));
  assert.equal(time.pending(), 0);
  const second = new AbortController();
  const failing = setup(async () => {
    setImmediate(() => second.abort());
    throw new TypeError('no');
  });
  const asked = failing.transport.request('/x', { signal: second.signal });
  await assert.rejects(asked, isCode('aborted', 'aborted'));
  assert.equal(failing.time.pending(), 0);
});

test('an answer that is too large is cut off', async () => {
  let isCancelled = false;
  const { transport } = setup(async () => {
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
      cancel: () => {
        isCancelled = true;
      },
    });
    return new Response(body);
  });
  const asked = transport.request('/x', { bytesMax: 10_000 });
  await assert.rejects(asked, isCode('response-too-large', 'refused'));
  assert.ok(isCancelled);
});

test('property: a pause lies between half and all of the exponential, and within its bound', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (attempt, unit) => {
      const delayMs = backoffMs(attempt, unit);
      const fullMs = Math.min(10_000, 200 * 2 ** attempt);
      assert.ok(delayMs >= Math.floor(fullMs / 2) && delayMs <= fullMs);
    }),
  );
});

test('property: what was asked for is a lower bound of the pause', () => {
  fc.assert(
    fc.property(
      fc.nat(5),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      fc.nat(60_000),
      (n, unit, askedMs) => {
        const delayMs = pauseMs(n, unit, askedMs);
        assert.ok(delayMs !== undefined && delayMs >= askedMs);
      },
    ),
  );
  assert.equal(pauseMs(0, 0, 60_001), undefined);
});

test('Retry-After in seconds, as a date, and as neither', () => {
  const nowMs = Date.parse('2026-01-01T00:00:00Z');
  assert.equal(retryAfterMs('12', nowMs), 12_000);
  assert.equal(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', nowMs), 30_000);
  assert.equal(retryAfterMs('Wed, 31 Dec 2025 23:00:00 GMT', nowMs), 0);
  assert.equal(retryAfterMs('soon', nowMs), undefined);
  assert.equal(retryAfterMs(null, nowMs), undefined);
});
