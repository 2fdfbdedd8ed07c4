import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters, styleText } from 'node:util';
import type { LoadNow } from '../../src/load/open-loop.ts';
import { progressLine } from '../../src/load/progress-line.ts';

const load = { name: 'transactions', seconds: 30 };
const calm: LoadNow = {
  elapsedMs: 15_000,
  finished: 15_000,
  failed: 0,
  inFlight: 3,
  waiting: 0,
  p50: 1.234,
  p99: 12.5,
};
const busy: LoadNow = { ...calm, inFlight: 256, waiting: 12_345, failed: 1_234, p99: 4_712.3 };

function draw(columns: number, now: LoadNow): string {
  const style = (name: Parameters<typeof styleText>[0], text: string): string =>
    styleText(name, text, { validateStream: false });
  return stripVTControlCharacters(progressLine({ columns, style }, load, now));
}

test('on 80 columns the line is whole: what matters least goes first', () => {
  const drawn = draw(80, calm);
  assert.ok(drawn.length < 80, drawn);
  assert.match(drawn, /^█+░+ transactions {2}1,000\/s {2}p50 1\.2 ms {2}p99 12\.5 ms .*15 s left$/);
  for (const now of [busy, { ...busy, waiting: 0 }]) {
    const narrow = draw(80, now);
    assert.ok(narrow.length < 80, narrow);
    assert.match(narrow, /p99 4712\.3 ms .*1,234 failed {2}15 s left$/);
    assert.doesNotMatch(narrow, /…/);
  }
  assert.match(draw(130, busy), /^█{10}░{10} .* 256 under way {2}12,345 wait /);
});

test('a time that was not measured is a dash', () => {
  assert.match(draw(80, { ...calm, p50: undefined, p99: undefined }), /p50 – {2}p99 – /);
});
