import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeatMap } from '../../src/index.ts';

function createScene(entriesMax: number): { map: HeatMap; clock: { ms: number } } {
  const clock = { ms: 0 };
  const map = new HeatMap({ entriesMax, halfLifeMs: 1_000, clock: { nowMs: () => clock.ms } });
  return { map, clock };
}

const touches = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 50 }), fc.nat(200)),
  { maxLength: 300 },
);

test('weights are too large by their error at most, never too small; no heavy key is lost', () => {
  fc.assert(
    fc.property(touches, fc.integer({ min: 1, max: 12 }), (list, entriesMax) => {
      const { map, clock } = createScene(entriesMax);
      const truth = new Map<string, number>();
      for (const [key, amount, ms] of list) {
        for (const [known, weight] of truth) truth.set(known, weight * 2 ** (-ms / 1_000));
        clock.ms += ms;
        map.touch(`k${key}`, amount);
        truth.set(`k${key}`, (truth.get(`k${key}`) ?? 0) + amount);
      }
      const top = map.top(100);
      assert.ok(top.length <= entriesMax);
      const total = [...truth.values()].reduce((sum, weight) => sum + weight, 0);
      for (const { key, weight, error } of top) {
        const real = truth.get(key) ?? 0;
        assert.ok(weight >= real - 1e-6 && weight - error <= real + 1e-6);
      }
      for (const [key, weight] of truth) {
        if (weight <= total / entriesMax + 1e-6) continue;
        assert.ok(
          top.some((entry) => entry.key === key),
          `${key} is missing`,
        );
      }
      for (let i = 1; i < top.length; i++) {
        assert.ok((top[i - 1]?.weight ?? 0) >= (top[i]?.weight ?? 0));
      }
    }),
  );
});

test('what was hot once gives way to what is hot now', () => {
  const { map, clock } = createScene(4);
  map.touch('old', 1_000);
  clock.ms += 20_000;
  map.touch('new', 1);
  assert.equal(map.top(1)[0]?.key, 'new');
});

test('days without a touch, a clock that goes back, odd amounts and long keys do no harm', () => {
  const { map, clock } = createScene(4);
  map.touch('a', 5);
  clock.ms += 10 ** 12;
  map.touch('b', 2);
  clock.ms -= 10 ** 11;
  map.touch('c', 1);
  map.touch('d', Number.NaN);
  map.touch('e', -1);
  map.touch('x'.repeat(10_000));
  const top = map.top(10);
  assert.ok(top.every(({ weight, error }) => Number.isFinite(weight) && Number.isFinite(error)));
  assert.ok(top.every(({ key }) => key.length <= 160 && key !== 'd' && key !== 'e'));
});
