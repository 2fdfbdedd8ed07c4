import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededUniform } from '../../../../tools/testing/random.ts';
import { createAimd } from '../../src/control/aimd.ts';
import { createCacheSize } from '../../src/control/cache-size.ts';
import { createFeeRule } from '../../src/control/fee-rule.ts';
import { createGradient } from '../../src/control/gradient.ts';
import { HitCurve } from '../../src/control/hit-curve.ts';
import { createLinUcb } from '../../src/control/lin-ucb.ts';
import { createThompson } from '../../src/control/thompson.ts';
import { createThreshold } from '../../src/control/threshold.ts';
import { createTwoLines } from '../../src/control/two-lines.ts';
import type { Controller } from '../../src/control/types.ts';

const bounds = { min: 2, max: 500 };
const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(Number.NaN, Infinity, 0, 1e308));

function anyInput<Input>(shape: { [Key in keyof Input]: fc.Arbitrary<Input[Key]> }) {
  return fc.option(fc.record(shape), { nil: undefined }) as fc.Arbitrary<Input | undefined>;
}

function neverLeaves<Input>(
  name: string,
  create: () => Controller<Input>,
  input: fc.Arbitrary<Input | undefined>,
): void {
  test(`${name}: finite and within its bounds, whatever sensor and clock tell`, () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(input, number), { maxLength: 60 }), (looks) => {
        const controller = create();
        for (const [look, nowMs] of looks) {
          const { value, reason } = controller.update(look, nowMs);
          assert.equal(value, controller.value);
          assert.ok(value >= controller.bounds.min && value <= controller.bounds.max);
          assert.ok(reason.length > 0);
        }
      }),
    );
  });
}

const aimd = () => createAimd({ bounds, initial: 50, target: 1, step: 5 });
neverLeaves('AIMD', aimd, anyInput({ reading: number, usedPart: number, backlog: number }));
neverLeaves(
  'gradient',
  () => createGradient({ bounds, initial: 50 }),
  anyInput({ seconds: number, inFlight: number }),
);
neverLeaves(
  'threshold',
  () => createThreshold({ bounds, initial: 4, high: 1, low: 0.4, halfLifeMs: 10, coolDownMs: 10 }),
  anyInput({ load: number }),
);
neverLeaves(
  'fee rule',
  () => createFeeRule({ bounds, initial: 50 }),
  anyInput({ used: number, target: number }),
);
neverLeaves(
  'two lines',
  () => createTwoLines({ bounds, initial: 50 }),
  anyInput({
    way: fc.constantFrom('small' as const, 'large' as const),
    items: number,
    cost: number,
  }),
);
neverLeaves(
  'cache size',
  () => createCacheSize({ bounds, initial: 50, coolDownMs: 0 }),
  anyInput({
    points: fc.array(fc.record({ size: fc.integer({ min: 1, max: 1_000 }), hitRatio: number })),
    pressure: number,
  }),
);

test('no reading, no number, a clock that goes back or jumps: the value stays', () => {
  const controller = aimd();
  const high = { reading: 5, usedPart: 1, backlog: 0 };
  assert.equal(controller.update(high, 10_000).value, 35);
  for (const [input, nowMs, words] of [
    [undefined, 20_000, /no reading/],
    [{ ...high, reading: Number.NaN }, 30_000, /no number/],
    [high, 25_000, /went back/],
    [high, 10_000_000, /jumped/],
    [high, Number.NaN, /no time/],
  ] as const) {
    const { value, reason } = controller.update(input, nowMs);
    assert.equal(value, 35);
    assert.match(reason, words);
  }
  assert.equal(controller.update(high, 10_002_000).value < 35, true);
});

test('under overload a batch grows although latency is bad', () => {
  const controller = aimd();
  const { value, reason } = controller.update({ reading: 9, usedPart: 1, backlog: 40 }, 10_000);
  assert.equal(value, 55);
  assert.match(reason, /waits/);
});

test('a bad reading while the value is hardly in use is somebody else’s fault', () => {
  const controller = aimd();
  const { value, reason } = controller.update({ reading: 9, usedPart: 0.1, backlog: 0 }, 10_000);
  assert.equal(value, 50);
  assert.match(reason, /not the cause/);
});

test('the price follows EIP-1559 to the unit, and the same on every machine', () => {
  const price = (used: number, initial: number): number => {
    const rule = createFeeRule({ bounds: { min: 1, max: 10 ** 9 }, initial });
    return rule.update({ used, target: 15_000_000 }, 0).value;
  };
  assert.equal(price(15_000_000, 1_000), 1_000);
  assert.equal(price(30_000_000, 1_000), 1_125);
  assert.equal(price(0, 1_000), 875);
  assert.equal(price(15_000_001, 7), 8);
  // Sixty-six percent of the most a block takes, block after block: it must not stand still.
  const rule = createFeeRule({ bounds: { min: 1, max: 10 ** 9 }, initial: 1_000 });
  for (let block = 0; block < 15; block++)
    rule.update({ used: 19_800_000, target: 15_000_000 }, block);
  assert.ok(rule.value > 1_700);
  assert.throws(() => createFeeRule({ bounds, initial: 5, denominator: 4 }), TypeError);
});

test('the lines cross where they were made to cross, also after the costs have changed', () => {
  const rule = createTwoLines({ bounds: { min: 1, max: 1_000 }, initial: 5 });
  const uniform = seededUniform(5);
  let nowMs = 0;
  const feed = (fixed: number): void => {
    for (let i = 0; i < 400; i++) {
      const items = 1 + Math.floor(uniform() * 400);
      rule.update({ way: 'small', items, cost: 5 * items }, nowMs++);
      rule.update({ way: 'large', items, cost: fixed + 2 * items }, nowMs++);
    }
  };
  feed(300);
  assert.ok(Math.abs(rule.value - 100) <= 15);
  feed(900);
  assert.ok(Math.abs(rule.value - 300) <= 45);
});

test('the shadow tells what an LRU of each size would hit', () => {
  const uniform = seededUniform(9);
  const curve = new HitCurve(20_000);
  // Zipf-like over 20,000 keys.
  const keys = Array.from({ length: 200_000 }, () => Math.floor(20_000 ** uniform()));
  for (const key of keys) curve.lookUp(Math.imul(key ^ 0x51ed, 0x9e37_79b1));
  for (const size of [100, 1_000, 8_000]) {
    const lru = new Set<number>();
    let hits = 0;
    for (const key of keys) {
      if (lru.delete(key)) hits++;
      lru.add(key);
      if (lru.size > size)
        for (const oldest of lru) {
          lru.delete(oldest);
          break;
        }
    }
    const told = curve.points().findLast((point) => point.size <= size)?.hitRatio ?? 0;
    assert.ok(Math.abs(told - hits / keys.length) < 0.05, `${size}: ${told}`);
  }
});

test('a provider that fails is left within a dozen requests, and found again later', () => {
  const uniform = seededUniform(3);
  const chooser = createThompson({ arms: 3, uniform });
  const run = (costs: readonly number[], requests: number): number[] => {
    const counts = [0, 0, 0];
    for (let i = 0; i < requests; i++) {
      const arm = chooser.choose(undefined, () => true) as number;
      counts[arm] = (counts[arm] ?? 0) + 1;
      chooser.learn(undefined, arm, (costs[arm] as number) * (0.9 + 0.2 * uniform()));
    }
    return counts;
  };
  assert.ok((run([1, 2, 3], 300)[0] ?? 0) > 250);
  // It times out: what that costs is learnt like any other cost.
  const afterFailure = run([30, 2, 3], 100);
  assert.ok((afterFailure[0] ?? 0) < 12, String(afterFailure));
  run([1, 2, 3], 4_000);
  assert.ok((run([1, 2, 3], 100)[0] ?? 0) > 80);
  // Hard limits come first.
  assert.equal(
    chooser.choose(undefined, (arm) => arm === 2),
    2,
  );
  assert.equal(
    chooser.choose(undefined, () => false),
    undefined,
  );
  chooser.learn(undefined, 1, Number.NaN);
  assert.ok(chooser.estimates().every((each) => each === undefined || Number.isFinite(each)));
});

test('exploring is capped, however uncertain things are', () => {
  const uniform = seededUniform(8);
  const chooser = createThompson({ arms: 2, uniform, explorePercentMax: 5 });
  let other = 0;
  for (let i = 0; i < 2_000; i++) {
    const arm = chooser.choose(undefined, () => true) as number;
    if (arm === 1) other++;
    chooser.learn(undefined, arm, arm === 0 ? 1 : 1.4);
  }
  assert.ok(other < 2_000 * 0.08, String(other));
});

test('LinUCB learns which way is cheap for what', () => {
  const uniform = seededUniform(4);
  const chooser = createLinUcb({ arms: 2, features: 2 });
  // The first is dear by size, the second has a price of its own.
  const cost = (arm: number, size: number): number => (arm === 0 ? 2 * size : 0.8);
  let right = 0;
  for (let i = 0; i < 2_000; i++) {
    const size = uniform();
    const context = [1, size];
    const arm = chooser.choose(context, () => true) as number;
    if (i >= 500 && (arm === 0) === size < 0.4) right++;
    chooser.learn(context, arm, cost(arm, size) + 0.05 * (uniform() - 0.5));
  }
  assert.ok(right > 1_500 * 0.93, String(right));
  assert.throws(() => chooser.choose([1], () => true), TypeError);
});
