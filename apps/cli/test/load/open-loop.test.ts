import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { LatencyHistogram } from '../../src/load/latency-histogram.ts';
import { type LoadNow, type Outcome, runOpenLoop } from '../../src/load/open-loop.ts';

const good: Outcome = { ok: true, bytes: 10 };

function options(send: () => Promise<Outcome>, rate = 200, durationMs = 300) {
  return {
    rate,
    durationMs,
    concurrency: 8,
    arrivals: 'even' as const,
    uniform: Math.random,
    signal: new AbortController().signal,
    send,
  };
}

test('a quantile is the real one within 1.1 %, whatever was added', () => {
  const values = fc.array(fc.double({ min: 0.001, max: 100_000, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(values, fc.double({ min: 0.001, max: 1, noNaN: true }), (list, part) => {
      const histogram = new LatencyHistogram();
      for (const value of list) histogram.add(value);
      const sorted = list.toSorted((a, b) => a - b);
      const real = sorted[Math.max(0, Math.ceil(part * list.length - 1e-9) - 1)] as number;
      const told = histogram.quantile(part);
      assert.ok(Math.abs(told - real) <= real * 0.011 + 0.001, `${told} for ${real}`);
      assert.equal(histogram.most, sorted.at(-1));
    }),
  );
});

test('arrivals come at their rate, and all are answered', async () => {
  const result = await runOpenLoop(options(() => Promise.resolve(good)));
  assert.equal(result.arrived, 60);
  assert.equal(result.finished, 60);
  assert.equal(result.failed, 0);
  assert.equal(result.bytes, 600);
  // The sum of their pauses is a little under the end: it is not what decides.
  for (const rate of [30, 70, 110, 190]) {
    const even = await runOpenLoop(options(() => Promise.resolve(good), rate, 100));
    assert.equal(even.arrived, rate / 10);
  }
  const poisson = await runOpenLoop({
    ...options(() => Promise.resolve(good), 2_000),
    arrivals: 'poisson',
  });
  assert.ok(Math.abs(poisson.arrived - 600) < 150, String(poisson.arrived));
});

test('a stall is charged to everybody who should have been sent meanwhile', async () => {
  let isFirst = true;
  let release: () => void = () => {};
  const stalled = new Promise<void>((resolve) => {
    release = resolve;
  });
  const stall = pause(200).then(() => release());
  const result = await runOpenLoop({
    ...options(async () => {
      if (isFirst) {
        isFirst = false;
        await stalled;
      }
      return good;
    }),
    concurrency: 1,
  });
  await stall;
  // 60 arrivals in 300 ms behind one place that was taken for the first 200.
  assert.ok(result.latencies.quantile(0.75) > 80, `p75 ${result.latencies.quantile(0.75)}`);
  // A closed loop would have told of one slow request.
  assert.ok(result.serviceTimes.quantile(0.9) < 20);
});

test('what the tool does before a request goes out is no time of the server', async () => {
  const result = await runOpenLoop({
    ...options(
      async () => {
        await pause(40);
        const sentMs = performance.now();
        await pause(10);
        return { ...good, sentMs };
      },
      100,
      200,
    ),
    concurrency: 64,
  });
  const due = result.latencies.quantile(0.5);
  const sent = result.serviceTimes.quantile(0.5);
  assert.ok(due >= 48 && sent >= 9 && sent < due - 25, `due ${due} ms, sent ${sent} ms`);
});

test('the last second has no times where nothing was answered in it', async () => {
  const shown: LoadNow[] = [];
  let letGo: () => void = () => undefined;
  const late = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await runOpenLoop({
    ...options(() => late.then(() => good), 50, 1_050),
    concurrency: 256,
    onProgress: (now) => {
      shown.push(now);
      // The first second is over, and nothing came; the next one has answers, and is shown.
      if (now.elapsedMs > 1_000) letGo();
    },
  });
  assert.equal(shown[0]?.p50, undefined, 'not zero');
  const over = shown.filter(({ elapsedMs }) => elapsedMs > 1_000);
  assert.ok(over.length > 0 && over[0]?.p99 === undefined);
});

test('the last second has the times of what was answered in it', async () => {
  const shown: LoadNow[] = [];
  let letGo: () => void = () => undefined;
  const seen = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let sent = 0;
  await runOpenLoop({
    // The first is held until the times of the others have been seen: the load goes on till then.
    ...options(() => (sent++ === 0 ? seen.then(() => good) : pause(30, good)), 50, 100),
    onProgress: (now) => {
      shown.push(now);
      if (now.p50 !== undefined) letGo();
    },
  });
  assert.ok((shown.at(-1)?.p50 ?? 0) >= 25);
});

test('failures are counted by reason, bounded, and are no latencies', async () => {
  let count = 0;
  const result = await runOpenLoop(
    options(() => {
      count++;
      if (count % 3 === 0) return Promise.reject(Object.assign(new Error('x'), { code: 'ECONN' }));
      if (count % 3 === 1) return Promise.resolve({ ok: false, problem: `p${count}`, bytes: 0 });
      return Promise.resolve(good);
    }, 1_000),
  );
  assert.equal(result.problems.get('ECONN'), 100);
  assert.ok(result.problems.size <= 33);
  assert.equal(result.latencies.count, result.finished - result.failed);
});

test('an abort ends it', async () => {
  const controller = new AbortController();
  const run = runOpenLoop({
    ...options(() => pause(10_000, good, { ref: false }), 100, 60_000),
    signal: controller.signal,
  });
  await pause(50);
  controller.abort();
  assert.ok((await run).arrived < 50);
});

test('what the abort breaks off is no failure', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const send = async (): Promise<Outcome> => {
    if (!signal.aborted) queueMicrotask(() => controller.abort());
    await once(signal, 'abort');
    throw signal.reason;
  };
  const { failed, finished } = await runOpenLoop({ ...options(send), signal });
  assert.deepEqual([failed, finished], [0, 0]);
});
