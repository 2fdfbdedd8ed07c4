import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createMetricsRegistry, noopMetricsRegistry, SERIES_MAX } from '../src/index.ts';

suite('metrics registry', () => {
  test('a counter with labels is exposed with HELP and TYPE', () => {
    const metrics = createMetricsRegistry();
    const requests = metrics.counter({
      name: 'basalt_http_requests_total',
      help: 'Requests answered.',
      labels: ['method', 'status'],
    });
    requests.add(1, { method: 'GET', status: '200' });
    requests.with({ status: '200', method: 'GET' }).add(2);
    assert.equal(
      metrics.expose(),
      '# HELP basalt_http_requests_total Requests answered.\n' +
        '# TYPE basalt_http_requests_total counter\n' +
        'basalt_http_requests_total{method="GET",status="200"} 3\n',
    );
  });

  test('without labels a metric is there at zero', () => {
    const metrics = createMetricsRegistry();
    metrics.counter({ name: 'basalt_blocks_accepted_total', help: 'Blocks.' });
    metrics.gauge({ name: 'basalt_queue_blocks', help: 'Blocks waiting.' });
    assert.match(metrics.expose(), /^basalt_blocks_accepted_total 0$/m);
    assert.match(metrics.expose(), /^basalt_queue_blocks 0$/m);
  });

  test('label values and help are escaped', () => {
    const metrics = createMetricsRegistry();
    const counter = metrics.counter({
      name: 'basalt_odd_things_total',
      help: 'A \\ and a\nline.',
      labels: ['what'],
    });
    counter.add(1, { what: 'a"b\\c\nd' });
    assert.equal(
      metrics.expose(),
      '# HELP basalt_odd_things_total A \\\\ and a\\nline.\n' +
        '# TYPE basalt_odd_things_total counter\n' +
        'basalt_odd_things_total{what="a\\"b\\\\c\\nd"} 1\n',
    );
  });

  test('a histogram has cumulative buckets, +Inf, sum and count', () => {
    const metrics = createMetricsRegistry();
    const seconds = metrics.histogram({
      name: 'basalt_commit_duration_seconds',
      help: 'Commit.',
      buckets: [0.1, 1],
    });
    for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe(value);
    assert.equal(
      metrics.expose().split('\n').slice(2).join('\n'),
      'basalt_commit_duration_seconds_bucket{le="0.1"} 2\n' +
        'basalt_commit_duration_seconds_bucket{le="1"} 3\n' +
        'basalt_commit_duration_seconds_bucket{le="+Inf"} 4\n' +
        'basalt_commit_duration_seconds_sum 7.65\n' +
        'basalt_commit_duration_seconds_count 4\n',
    );
  });

  test('NaN and infinities are written as the format says', () => {
    const metrics = createMetricsRegistry();
    const gauge = metrics.gauge({ name: 'basalt_load_ratio', help: 'Load.', labels: ['of'] });
    gauge.set(Number.NaN, { of: 'a' });
    gauge.set(Number.POSITIVE_INFINITY, { of: 'b' });
    gauge.set(Number.NEGATIVE_INFINITY, { of: 'c' });
    const seconds = metrics.histogram({
      name: 'basalt_wait_duration_seconds',
      help: 'Wait.',
      buckets: [1],
    });
    seconds.observe(Number.NaN);
    const text = metrics.expose();
    assert.match(text, /^basalt_load_ratio\{of="a"\} NaN$/m);
    assert.match(text, /^basalt_load_ratio\{of="b"\} \+Inf$/m);
    assert.match(text, /^basalt_load_ratio\{of="c"\} -Inf$/m);
    assert.match(text, /^basalt_wait_duration_seconds_bucket\{le="1"\} 0$/m);
    assert.match(text, /^basalt_wait_duration_seconds_bucket\{le="\+Inf"\} 1$/m);
    assert.match(text, /^basalt_wait_duration_seconds_sum NaN$/m);
  });

  test('values beyond the bound of a label are counted as other', () => {
    const metrics = createMetricsRegistry();
    const counter = metrics.counter({
      name: 'basalt_peer_requests_total',
      help: 'By peer.',
      labels: ['peer'],
      labelValuesMax: 3,
    });
    for (let i = 0; i < 1_000; i++) counter.add(1, { peer: `p${i}` });
    assert.match(metrics.expose(), /^basalt_peer_requests_total\{peer="other"\} 997$/m);
    assert.equal(metrics.expose().split('\n').length, 2 + 4 + 1);
  });

  test('the product of labels is bounded too', () => {
    const metrics = createMetricsRegistry();
    const counter = metrics.counter({
      name: 'basalt_pair_requests_total',
      help: 'Pairs.',
      labels: ['a', 'b'],
    });
    for (let a = 0; a < 60; a++) {
      for (let b = 0; b < 60; b++) counter.add(1, { a: `${a}`, b: `${b}` });
    }
    const samples = metrics.expose().trim().split('\n').slice(2);
    assert.equal(samples.length, SERIES_MAX + 1);
    const total = samples.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
    assert.equal(total, 3_600);
  });

  test('a gauge can be asked when it is read', () => {
    const metrics = createMetricsRegistry();
    let depth = 3;
    metrics.gauge({ name: 'basalt_queue_blocks', help: 'Depth.' }).collect(() => depth);
    assert.match(metrics.expose(), /^basalt_queue_blocks 3$/m);
    depth = 4;
    assert.match(metrics.expose(), /^basalt_queue_blocks 4$/m);
  });
});

suite('what is asked of a registry, and what it does not tell', () => {
  test('a gauge of which nothing is known is left out until it is set again', () => {
    const metrics = createMetricsRegistry();
    const free = metrics.gauge({ name: 'basalt_disk_free_bytes', help: 'Free.' });
    const of = metrics.gauge({ name: 'basalt_load_ratio', help: 'Load.', labels: ['of'] });
    free.set(7);
    of.set(1, { of: 'a' });
    of.set(2, { of: 'b' });
    free.remove();
    of.remove({ of: 'a' });
    of.remove({ of: 'no such' });
    assert.doesNotMatch(metrics.expose(), /^basalt_disk_free_bytes|"a"/m);
    assert.match(metrics.expose(), /^basalt_load_ratio\{of="b"\} 2$/m);
    free.set(8);
    assert.match(metrics.expose(), /^basalt_disk_free_bytes 8$/m);
  });

  test('sums and distributions are of all series, or of those that are asked for', () => {
    const metrics = createMetricsRegistry();
    const counter = metrics.counter({
      name: 'basalt_odd_things_total',
      help: 'x',
      labels: ['by', 'to'],
    });
    counter.add(1, { by: 'a', to: 'c' });
    counter.add(2, { by: 'b', to: 'c' });
    assert.equal(metrics.sum('basalt_odd_things_total'), 3);
    assert.equal(
      metrics.sum('basalt_odd_things_total', ({ by, to }) => by === 'b' && to === 'c'),
      2,
    );
    assert.equal(
      metrics.sum('basalt_odd_things_total', () => false),
      0,
    );
    const seconds = metrics.histogram({
      name: 'basalt_wait_duration_seconds',
      help: 'x',
      labels: ['by'],
      buckets: [1, 2],
    });
    seconds.observe(0.5, { by: 'a' });
    seconds.observe(1.5, { by: 'b' });
    const asked = metrics.distribution('basalt_wait_duration_seconds', ({ by }) => by === 'b');
    assert.deepEqual(asked?.counts, [0, 1, 0]);
  });
});

suite('misuse of the registry', () => {
  const wrongNames: readonly [string, 'counter' | 'gauge' | 'histogram'][] = [
    ['http_requests_total', 'counter'],
    ['basalt_http_requests', 'counter'],
    ['basalt_http_requests_total', 'gauge'],
    ['basalt_total', 'counter'],
    ['basalt_requests_total', 'counter'],
    ['basalt_wait_ms', 'gauge'],
    ['basalt_wait_milliseconds', 'histogram'],
    ['basalt_disk_mb', 'gauge'],
    ['basalt_disk_percent', 'gauge'],
    ['basalt_wait_count', 'gauge'],
    ['basalt_Wait_seconds', 'gauge'],
    ['basalt_wait-seconds', 'gauge'],
    ['basalt__seconds', 'gauge'],
  ];
  for (const [name, type] of wrongNames) {
    test(`the ${type} name ${name} is refused`, () => {
      const metrics = createMetricsRegistry();
      const options = { name, help: 'x', buckets: [1] };
      assert.throws(() => metrics[type](options), TypeError);
    });
  }

  test('misuse is refused: taken name, wrong labels, shrinking counter, odd buckets', () => {
    const metrics = createMetricsRegistry();
    const counter = metrics.counter({ name: 'basalt_a_things_total', help: 'x', labels: ['b'] });
    assert.throws(() => metrics.counter({ name: 'basalt_a_things_total', help: 'x' }), /already/);
    assert.throws(() => counter.add(1), /label b/);
    assert.throws(() => counter.add(1, { b: '1', c: '2' }), /expected the labels/);
    assert.throws(() => counter.add(-1, { b: '1' }), /grow/);
    assert.throws(() => counter.add(Number.NaN, { b: '1' }), /grow/);
    const name = 'basalt_b_duration_seconds';
    for (const buckets of [[], [1, 1], [2, 1], [1, Number.POSITIVE_INFINITY]]) {
      assert.throws(() => metrics.histogram({ name, help: 'x', buckets }), TypeError);
    }
    assert.throws(() => metrics.gauge({ name: 'basalt_c_bytes', help: 'x', labels: ['le'] }));
  });

  test('the no-op registry takes everything', () => {
    const counter = noopMetricsRegistry.counter({ name: 'anything', help: '' });
    counter.add(-1);
    counter.with({ x: 'y' }).add(1);
    noopMetricsRegistry.gauge({ name: 'g', help: '' }).collect(() => 1);
    noopMetricsRegistry.histogram({ name: 'h', help: '', buckets: [] }).observe(1);
    assert.equal(noopMetricsRegistry.expose(), '');
  });
});
