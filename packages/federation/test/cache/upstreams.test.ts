import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededUniform } from '../../../../tools/testing/random.ts';
import { readSeattleTimes } from '../../../../tools/testing/traces.ts';
import { Upstreams } from '../../src/cache/upstreams.ts';

const URLS = ['http://a.test', 'http://b.test', 'http://c.test'];

function createScene(seed = 1) {
  const clock = { ms: 1_000_000 };
  const uniform = seededUniform(seed);
  const upstreams = new Upstreams(URLS, { nowMs: () => clock.ms }, uniform);
  /** Reads, each at the first of the order; how often whom. */
  const read = (times: number, seconds: readonly number[]): number[] => {
    const counts = URLS.map(() => 0);
    for (let i = 0; i < times; i++) {
      clock.ms += 100;
      const [url = ''] = upstreams.order();
      const at = URLS.indexOf(url);
      counts[at] = (counts[at] ?? 0) + 1;
      upstreams.measured(url, (seconds[at] ?? 0) * (0.9 + 0.2 * uniform()));
    }
    return counts;
  };
  return { clock, upstreams, read };
}

test('reads go to the quickest; the others are looked at once in a while', () => {
  const { read, upstreams } = createScene();
  read(50, [0.1, 0.03, 0.05]);
  const [a = 0, b = 0, c = 0] = read(1_000, [0.1, 0.03, 0.05]);
  assert.ok(b > 900, `${a} ${b} ${c}`);
  assert.deepEqual(upstreams.order().slice(1), ['http://c.test', 'http://a.test']);
  const [, known] = upstreams.estimates();
  assert.ok(Math.abs((known?.firstByteSeconds ?? 0) - 0.03) < 0.003);
});

test('every order has all of them once, and those that failed lately stand last', () => {
  const { clock, upstreams, read } = createScene();
  read(100, [0.02, 0.03, 0.05]);
  upstreams.report('http://a.test', false);
  for (let i = 0; i < 50; i++) {
    const order = upstreams.order();
    assert.deepEqual(order.toSorted(), URLS);
    assert.equal(order.at(-1), 'http://a.test');
  }
  assert.equal(upstreams.configured().at(-1), 'http://a.test');
  clock.ms += 5_001;
  assert.equal(upstreams.configured()[0], 'http://a.test');
});

test('whoever turns slow, fails or lies is left within a dozen reads', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const slow = createScene(seed);
    slow.read(200, [0.02, 0.05, 0.06]);
    const counts = slow.read(12, [2, 0.05, 0.06]);
    assert.ok((counts[0] ?? 0) <= 6, `slow: ${counts}`);

    const lying = createScene(seed);
    lying.read(200, [0.02, 0.05, 0.06]);
    let asked = 0;
    for (let i = 0; i < 100; i++) {
      const [url = ''] = lying.upstreams.order();
      lying.upstreams.measured(url, url === URLS[0] ? 0.02 : 0.05);
      if (url !== URLS[0]) continue;
      // Quick, and false each time.
      lying.upstreams.refused(url);
      asked++;
    }
    assert.ok(asked <= 12, `lying: ${asked}`);

    const failing = createScene(seed);
    failing.read(200, [0.02, 0.05, 0.06]);
    let failures = 0;
    // Its pause ends again and again: each time it may be tried, and is tried less.
    for (let i = 0; i < 100; i++) {
      failing.clock.ms += 6_000;
      const [url = ''] = failing.upstreams.order();
      if (url === URLS[0]) failures++;
      if (url === URLS[0]) failing.upstreams.report(url, false);
      else failing.upstreams.measured(url, 0.05);
    }
    assert.ok(failures <= 12, `failing: ${failures}`);
  }
});

test('who was slow once and is quick now is found again', () => {
  const { read } = createScene();
  read(300, [0.2, 0.05, 0.06]);
  read(600, [0.02, 0.05, 0.06]);
  const [a = 0] = read(200, [0.02, 0.05, 0.06]);
  assert.ok(a > 150, `${a} of 200`);
});

test('without measurements, and without chance, the order is the configured one', () => {
  const clock = { nowMs: () => 0 };
  const plain = new Upstreams(URLS, clock);
  plain.measured('http://c.test', 0.001);
  assert.deepEqual(plain.order(), URLS);
  assert.deepEqual(new Upstreams(URLS, clock, seededUniform(1)).order(), URLS);
});

const PROVIDERS = 6;
const DEVICES = 24;
const READS_PER_SLICE = 60;

test('on recorded round trips the choice costs at most 1.05 of the best fixed upstream', (t) => {
  const slices = readSeattleTimes();
  if (slices === undefined) return t.skip('no recorded round trips here');
  const ratios = Array.from({ length: DEVICES }, (_, device) => replay(slices, device));
  const chosen = ratios.reduce((sum, ratio) => sum + ratio.chosen, 0);
  const fixed = ratios.reduce((sum, ratio) => sum + ratio.bestFixed, 0);
  const first = ratios.reduce((sum, ratio) => sum + ratio.first, 0);
  const worst = Math.max(...ratios.map((ratio) => ratio.chosen / ratio.bestFixed));
  const told = `${(chosen / fixed).toFixed(3)} of the best fixed, worst device ${worst.toFixed(3)}`;
  t.diagnostic(`${told}, ${(chosen / first).toFixed(3)} of always the first`);
  assert.ok(chosen <= fixed * 1.05 && worst <= 1.05, told);
});

interface Cost {
  readonly chosen: number;
  readonly bestFixed: number;
  readonly first: number;
}

/** One device reads from six others through all time slices; seconds, all reads together. */
function replay(slices: readonly number[][][], device: number): Cost {
  const uniform = seededUniform(device + 1);
  const urls = Array.from({ length: PROVIDERS }, (_, i) => `http://${i}.test`);
  const clock = { ms: 0 };
  const upstreams = new Upstreams(urls, { nowMs: () => clock.ms }, uniform);
  const sums = urls.map(() => 0);
  let chosen = 0;
  for (const slice of slices) {
    const now = urls.map((_, arm) => slice[device]?.[(device + 7 + arm * 13) % 99] ?? Number.NaN);
    if (now.some(Number.isNaN)) continue;
    for (let i = 0; i < READS_PER_SLICE; i++) {
      clock.ms += 30_000;
      const costs = now.map((seconds) => seconds * (0.9 + 0.2 * uniform()));
      const [url = ''] = upstreams.order();
      const cost = costs[urls.indexOf(url)] ?? 0;
      upstreams.measured(url, cost);
      chosen += cost;
      for (const [arm, other] of costs.entries()) sums[arm] = (sums[arm] ?? 0) + other;
    }
  }
  return { chosen, bestFixed: Math.min(...sums), first: sums[0] ?? 0 };
}
