import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { between, countOf, createMetricsRegistry, quantile } from '../src/index.ts';

const buckets = [1, 2, 4, 8, 16];

test('a quantile lies in the bucket of the real one, whatever was observed', () => {
  const values = fc.array(fc.double({ min: 0, max: 16, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (observed, part) => {
      const registry = createMetricsRegistry();
      const options = { name: 'basalt_test_duration_seconds', help: 'x', labels: ['a'], buckets };
      const histogram = registry.histogram(options);
      for (const [i, value] of observed.entries()) histogram.observe(value, { a: `${i % 3}` });
      const distribution = registry.distribution(options.name);
      assert.ok(distribution !== undefined);
      assert.equal(countOf(distribution), observed.length);
      const sorted = observed.toSorted((a, b) => a - b);
      const real = sorted[Math.max(0, Math.ceil(part * sorted.length - 1e-9) - 1)] as number;
      const bucket = buckets.findIndex((bound) => real <= bound);
      const told = quantile(distribution, part) ?? Number.NaN;
      assert.ok(told >= (buckets[bucket - 1] ?? 0) && told <= (buckets[bucket] ?? 0));
    }),
  );
});

test('only what came between two moments counts', () => {
  const registry = createMetricsRegistry();
  const name = 'basalt_test_duration_seconds';
  const histogram = registry.histogram({ name, help: 'x', buckets });
  histogram.observe(15);
  const earlier = registry.distribution(name);
  histogram.observe(1.5);
  const later = registry.distribution(name);
  assert.ok(later !== undefined);
  const window = between(earlier, later);
  assert.equal(countOf(window), 1);
  assert.equal(quantile(window, 0.99), 1.99);
  assert.equal(quantile(between(later, later), 0.5), undefined);
  histogram.observe(99);
  assert.equal(quantile(between(later, registry.distribution(name) ?? later), 0.5), 16);
});

test('a sum is over all series; what is not there, or something else, has none', () => {
  const registry = createMetricsRegistry();
  const counter = registry.counter({ name: 'basalt_test_items_total', help: 'x', labels: ['a'] });
  counter.add(2, { a: 'x' });
  counter.add(3, { a: 'y' });
  registry.gauge({ name: 'basalt_test_level_ratio', help: 'x' }).collect(() => 0.5);
  assert.equal(registry.sum('basalt_test_items_total'), 5);
  assert.equal(registry.sum('basalt_test_level_ratio'), 0.5);
  assert.equal(registry.sum('basalt_other_items_total'), undefined);
  assert.equal(registry.distribution('basalt_test_items_total'), undefined);
});

test('a counter that somebody else counts is asked, and never falls', () => {
  const registry = createMetricsRegistry();
  let total = 5;
  const name = 'basalt_test_items_total';
  registry.counter({ name, help: 'x' }).collect(() => total);
  assert.equal(registry.sum(name), 5);
  total = 2;
  assert.match(registry.expose(), /basalt_test_items_total 5/);
  total = 9;
  assert.equal(registry.sum(name), 9);
});
