import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SAMPLES_MAX } from '../src/limits.ts';
import { countAt, largestFlow } from '../src/parts/flow.ts';
import { heatLevel } from '../src/parts/heat.ts';
import { addressOf, explorerAddress, PAGES, parseRoute } from '../src/routes.ts';
import { readStatus } from '../src/state/read-status.ts';
import { mergeSamples } from '../src/state/sample-row.ts';
import { historyOf, sampleAt, statusAt } from './fixture.ts';

test('addresses lead to their page, anything else to the first', () => {
  for (const { name } of PAGES) assert.equal(parseRoute(addressOf(name)), name);
  for (const other of ['', '#', '#/', '#/nowhere', '#main', '#/%E0']) {
    assert.equal(parseRoute(other), 'overview');
  }
  assert.equal(explorerAddress('a/b', 3), '/#/ns/a%2Fb/3');
});

test('history and live samples become one row, in order, without doubles, bounded', () => {
  const live = [sampleAt(600_000, 1), sampleAt(601_000, 2)];
  const merged = mergeSamples(live, historyOf(600_000));
  assert.equal(merged.length, SAMPLES_MAX);
  assert.equal(merged.at(-1)?.atMs, 601_000);
  const times = merged.map(({ atMs }) => atMs);
  assert.deepEqual(
    times,
    [...new Set(times)].sort((a, b) => a - b),
  );
  assert.equal(mergeSamples(merged, [sampleAt(602_000, 3)]).length, SAMPLES_MAX);
});

test('property: whatever comes in whatever order, times rise', () => {
  const times = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 });
  fc.assert(
    fc.property(times, times, (first, second) => {
      const rows = (list: readonly number[]) => list.map((time) => sampleAt(time, 0));
      const merged = mergeSamples(mergeSamples([], rows(first)), rows(second));
      const found = merged.map(({ atMs }) => atMs);
      assert.deepEqual(
        found,
        [...new Set([...first, ...second])].sort((a, b) => a - b),
      );
    }),
  );
});

test('what an older node leaves out is filled in; what is no status is none', () => {
  const whole = statusAt(1_000);
  assert.deepEqual(readStatus(whole), whole);
  const { execution: _execution, tunables: _tunables, shards: _shards, ...old } = whole;
  const read = readStatus(old);
  assert.equal(read?.execution, null);
  assert.deepEqual(read?.tunables, []);
  assert.deepEqual(read?.shards.flow, { labels: [], counts: [] });
  for (const wrong of [null, 1, 'basalt', {}, { name: 'basalt' }, { ...whole, now: {} }]) {
    assert.equal(readStatus(wrong), undefined);
  }
});

test('a small flow stays; of a large one the rest is summed up and nothing is lost', () => {
  const small = {
    labels: ['a', 'b'],
    counts: [
      [0, 1],
      [2, 0],
    ],
  };
  assert.equal(largestFlow(small, 4), small);
  const labels = Array.from({ length: 9 }, (_, i) => `n${i}`);
  const counts = labels.map((_, from) => labels.map((_label, to) => from * 10 + to));
  const reduced = largestFlow({ labels, counts }, 4);
  assert.deepEqual(reduced.labels, ['n6', 'n7', 'n8', 'others']);
  const sum = (rows: readonly (readonly number[])[]) => rows.flat().reduce((a, b) => a + b, 0);
  assert.equal(sum(reduced.counts), sum(counts));
  assert.equal(countAt(reduced.counts, 0, 1), 67);
});

test('heat: nothing is 0, the most is 8, little is still seen', () => {
  assert.equal(heatLevel(0, 10), 0);
  assert.equal(heatLevel(10, 10), 8);
  assert.equal(heatLevel(0.01, 10), 1);
  assert.equal(heatLevel(5, 0), 0);
});
