import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatAmount,
  formatBare,
  formatBytes,
  formatNumber,
  formatSeconds,
  formatSpan,
  formatWithUnit,
  shorten,
} from '../src/format.ts';

test('numbers keep three digits, and nothing known is a dash', () => {
  const table: readonly (readonly [number | null, string])[] = [
    [null, '–'],
    [Number.NaN, '–'],
    [0, '0'],
    [0.0001, '0'],
    [0.42, '0.42'],
    [1.1, '1.1'],
    [9.996, '10'],
    [96.04, '96'],
    [128.4, '128'],
    [4_210, '4,210'],
    [99_999, '99,999'],
    [999_999, '1 M'],
    [21_400_000, '21.4 M'],
    [1_230_000_000, '1.23 G'],
  ];
  for (const [value, text] of table) assert.equal(formatNumber(value), text);
});

test('spans of time in the unit that fits', () => {
  assert.equal(formatSeconds(null), '–');
  assert.equal(formatSeconds(0), '0 ms');
  assert.equal(formatSeconds(0.00038), '380 µs');
  assert.equal(formatSeconds(0.0009999), '1 ms');
  assert.equal(formatSeconds(0.118), '118 ms');
  assert.equal(formatSeconds(0.99999), '1 s');
  assert.equal(formatSeconds(1.42), '1.42 s');
  assert.equal(formatSeconds(600), '10 min');
  assert.equal(formatSpan(42), '42 s');
  assert.equal(formatSpan(93_600), '26 h');
  assert.equal(formatSpan(864_000), '10 d');
});

test('bytes, amounts and units of tunables', () => {
  assert.equal(formatBytes(999), '999 B');
  assert.equal(formatBytes(Number.NaN), '–');
  assert.equal(formatBytes(1_023), '1023 B');
  assert.equal(formatBytes(1_024), '1 KiB');
  assert.equal(formatBytes(1_536), '1.5 KiB');
  assert.equal(formatBytes(1_024 ** 2 - 1), '1 MiB');
  assert.equal(formatBytes(67_108_864), '64 MiB');
  assert.equal(formatBytes(5_120_000_000), '4.77 GiB');
  assert.equal(formatBytes(2 ** 60), '1024 PiB');
  assert.equal(formatAmount(1, 'block'), '1 block');
  assert.equal(formatAmount(2_000, 'block'), '2,000 blocks');
  assert.equal(formatWithUnit(512, 'blocks'), '512 blocks');
  assert.equal(formatWithUnit(250, 'ms'), '250 ms');
  assert.equal(formatWithUnit(0.8, ''), '0.8');
  assert.equal(formatBare(512, 'blocks'), '512');
  assert.equal(formatBare(67_108_864, 'bytes'), '64 MiB');
  assert.equal(shorten('0123456789abcdef'), '01234567…cdef');
});

test('property: no number breaks the format or makes it wide', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e15 }), (value) => {
      for (const text of [formatNumber(value), formatSeconds(value), formatBytes(value)]) {
        assert.match(text, /^[\d,.]+( [A-Za-zµ]+)?$|^–$/);
        assert.ok(text.length <= 18, text);
      }
    }),
  );
});
