import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMetricsRegistry } from '../src/index.ts';

const SAMPLE = /^[a-z_]+(?:\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"\})? (?:NaN|[+-]Inf|-?[0-9.e+-]+)$/;

test('no label value can break a line of the exposition', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 200 })), (values) => {
      const metrics = createMetricsRegistry();
      const name = 'basalt_fuzz_things_total';
      const counter = metrics.counter({ name, help: 'x', labels: ['value'] });
      for (const value of values) counter.add(1, { value });
      const lines = metrics.expose().split('\n').slice(2, -1);
      for (const line of lines) assert.match(line, SAMPLE);
      const total = lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
      assert.equal(total, values.length);
    }),
  );
});

test('bucket counts of a histogram add up and never fall', () => {
  fc.assert(
    fc.property(fc.array(fc.double()), (values) => {
      const metrics = createMetricsRegistry();
      const name = 'basalt_fuzz_duration_seconds';
      const histogram = metrics.histogram({ name, help: 'x', buckets: [-1, 0, 1e-3, 1, 1e9] });
      for (const value of values) histogram.observe(value);
      const counts = metrics
        .expose()
        .split('\n')
        .filter((line) => line.includes('_bucket'))
        .map((line) => Number(line.split(' ').at(-1)));
      assert.equal(counts.at(-1), values.length);
      for (let i = 1; i < counts.length; i++) assert.ok(counts[i]! >= counts[i - 1]!);
      assert.equal(counts[1], values.filter((value) => value <= 0).length);
    }),
  );
});
