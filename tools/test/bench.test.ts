import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuCompared, cpuTimed, median, processCpuSeconds } from '../bench/cpu-time.ts';
import { describeMachine, fillRegion, type Measurement } from '../bench/performance-doc.ts';
import { compare, formatNumber, formatTable, parseResults } from '../bench/report.ts';

const append = { name: 'append', unit: 'blocks/CPU-s', value: 30_000 };

test('the ratio is ours over the peer’s where more is better, turned round where less is', () => {
  const peer = { name: 'peer', value: 10_000 };
  assert.equal(compare({ ...append, peer }).ratio, 3);
  const latency = { name: 'wait', unit: 'ms', value: 5, better: 'lower' } as const;
  assert.equal(compare({ ...latency, peer: { name: 'peer', value: 20 } }).ratio, 4);
});

test('a target is met only when all of it is', () => {
  const peer = { name: 'peer', value: 10_000 };
  assert.equal(compare({ ...append, peer, target: { value: 30_000, ratio: 3 } }).met, true);
  assert.equal(compare({ ...append, peer, target: { value: 30_001, ratio: 3 } }).met, false);
  assert.equal(compare({ ...append, peer, target: { value: 30_000, ratio: 3.1 } }).met, false);
  assert.equal(compare({ ...append, target: { ratio: 1 } }).met, false, 'no peer, no ratio');
  assert.equal(compare(append).met, null);
  const latency = { name: 'wait', unit: 'ms', value: 5, better: 'lower' } as const;
  assert.equal(compare({ ...latency, target: { value: 5 } }).met, true);
  assert.equal(compare({ ...latency, target: { value: 4 } }).met, false);
});

test('a broken measurement does not become a result', () => {
  for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => compare({ ...append, value }), RangeError);
    assert.throws(() => compare({ ...append, peer: { name: 'peer', value } }), RangeError);
  }
});

test('results survive the way through a process, other lines are left out', () => {
  const result = compare({ ...append, peer: { name: 'peer', value: 7 }, target: { ratio: 2 } });
  const output = `warming up\n${JSON.stringify(result)}\ndone\n`;
  assert.deepEqual(parseResults(output), [result]);
  assert.throws(() => parseResults('{"name":"x","value":"fast"}'), /not a bench result/);
});

test('the table has one row a result, and a peer with a bar cannot break it', () => {
  const table = formatTable([compare({ ...append, name: 'a|b' }), compare(append)]);
  const rows = table.split('\n');
  assert.equal(rows.length, 4);
  for (const row of rows) assert.equal(row.split('|').length, 8, row);
  assert.equal(new Set(rows.map((row) => row.length)).size, 1, 'columns are aligned');
});

test('numbers have three significant digits', () => {
  assert.deepEqual([31_749, 0.012345, 2.999, 1e6].map(formatNumber), [
    '31,700',
    '0.0123',
    '3',
    '1,000,000',
  ]);
});

test('the region of a bench is rewritten, the rest of the document is kept', () => {
  const measurement: Measurement = {
    name: 'ledger',
    results: [compare({ ...append, target: { value: 40_000 } })],
    machine: 'a machine',
    when: '2026-11-20',
  };
  const before = '# A\n\n<!-- bench:ledger -->\nold\n<!-- /bench:ledger -->\n\ntail\n';
  const after = fillRegion(before, measurement);
  assert.match(after, /^# A\n\n<!-- bench:ledger -->\n\nMeasured 2026-11-20 on a machine\./);
  assert.match(after, /0 of 1 targets met/);
  assert.match(after, /<!-- \/bench:ledger -->\n\ntail\n$/);
  assert.doesNotMatch(after, /old/);
  assert.equal(fillRegion(after, measurement), after, 'filling twice changes nothing');
  assert.match(fillRegion('# A\n', measurement), /## ledger\n\n<!-- bench:ledger -->/);
  assert.throws(() => fillRegion('<!-- bench:ledger -->\n', measurement), /enclose/);
});

test('CPU time is measured, by turns where there is a peer', async () => {
  const order: string[] = [];
  const work = (name: string, loops: number) => (): number => {
    order.push(name);
    let sum = 0;
    for (let i = 0; i < loops; i++) sum += Math.sqrt(i);
    assert.ok(sum > 0);
    return 100;
  };
  const pair = await cpuCompared({ ours: work('o', 4e6), peer: work('p', 4e6) }, { rounds: 2 });
  assert.equal(order.join(''), 'opopop');
  assert.ok(pair.ours.cpuSeconds > 0 && pair.ours.perCpuSecond > 0);
  assert.equal(pair.peer.operations, 100);
  const waiting = await cpuTimed(
    () => new Promise<number>((resolve) => setTimeout(() => resolve(1), 30)),
    { rounds: 1, warmups: 0 },
  );
  assert.ok(waiting.wallSeconds >= 0.025, 'waiting takes wall time');
});

test('the median is the middle', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.throws(() => median([]));
});

test('the CPU time of a process is read where the system tells it', () => {
  const skip = process.platform !== 'linux';
  const own = processCpuSeconds(process.pid);
  assert.equal(typeof own, skip ? 'undefined' : 'number');
  assert.equal(processCpuSeconds(2 ** 30), undefined);
});

test('the machine is named with its cores and its Node', () => {
  assert.match(describeMachine(), /\d+ cores, \d+ GiB, .*Node v\d+/);
});
