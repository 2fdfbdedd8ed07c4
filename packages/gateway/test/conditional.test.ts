import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseEntityTags } from '../src/http/entity-tag.ts';
import { evaluatePreconditions, type PreconditionResult } from '../src/http/preconditions.ts';
import { ifRangeHolds, parseRange, type RangeResult } from '../src/http/range.ts';

suite('entity tags, RFC 9110 section 8.8.3', () => {
  test('lists, weak tags, empty elements and the star', () => {
    assert.equal(parseEntityTags(' * '), '*');
    assert.deepEqual(parseEntityTags('"a", W/"b" ,, "c,d"'), [
      { weak: false, opaque: '"a"' },
      { weak: true, opaque: '"b"' },
      { weak: false, opaque: '"c,d"' },
    ]);
    assert.deepEqual(parseEntityTags('""'), [{ weak: false, opaque: '""' }]);
  });

  for (const bad of ['a', '"a', '"a" "b"', 'w/"a"', '"a"b', '"a\u0001"', "'a'", '*, "a"']) {
    test(`${JSON.stringify(bad)} is not in form`, () => {
      assert.equal(parseEntityTags(bad), undefined);
    });
  }
});

suite('preconditions, RFC 9110 section 13.2.2', () => {
  const etags = ['"h"', '"h-gzip"', '"h-zstd"'];
  const table: readonly [string | undefined, string | undefined, PreconditionResult][] = [
    [undefined, undefined, 'proceed'],
    ['"h"', undefined, 'proceed'],
    ['"h-gzip"', undefined, 'proceed'],
    ['*', undefined, 'proceed'],
    ['W/"h"', undefined, 'failed'],
    ['"other"', undefined, 'failed'],
    ['"other", "h"', undefined, 'proceed'],
    ['broken', undefined, 'failed'],
    [undefined, '"h"', 'not-modified'],
    [undefined, 'W/"h"', 'not-modified'],
    [undefined, '*', 'not-modified'],
    [undefined, '"x", "h-zstd"', 'not-modified'],
    [undefined, '"x"', 'proceed'],
    [undefined, 'broken', 'proceed'],
    // If-Match is evaluated first.
    ['"other"', '"h"', 'failed'],
    ['"h"', '"h"', 'not-modified'],
  ];
  for (const [ifMatch, ifNoneMatch, expected] of table) {
    test(`If-Match ${ifMatch}, If-None-Match ${ifNoneMatch}: ${expected}`, () => {
      assert.equal(evaluatePreconditions(ifMatch, ifNoneMatch, etags), expected);
    });
  }
});

suite('ranges of 1,000 bytes, RFC 9110 section 14', () => {
  const part = (start: number, end: number): RangeResult => ({ type: 'part', start, end });
  const whole: RangeResult = { type: 'whole' };
  const unsatisfiable: RangeResult = { type: 'unsatisfiable' };
  const table: readonly [string | undefined, RangeResult][] = [
    [undefined, whole],
    ['bytes=0-0', part(0, 1)],
    ['bytes=0-499', part(0, 500)],
    ['bytes=500-', part(500, 1_000)],
    ['bytes=-500', part(500, 1_000)],
    ['bytes=-2000', part(0, 1_000)],
    ['bytes=999-', part(999, 1_000)],
    ['bytes=990-5000', part(990, 1_000)],
    ['Bytes=1-2', part(1, 3)],
    ['bytes= 1-2 ', part(1, 3)],
    ['bytes=1000-', unsatisfiable],
    ['bytes=9999999999999999999-', unsatisfiable],
    ['bytes=-0', unsatisfiable],
    ['bytes=5-4', whole],
    ['bytes=0-1,4-5', whole],
    ['bytes=-', whole],
    ['bytes=a-b', whole],
    ['bytes 0-1', whole],
    ['items=0-1', whole],
    ['bytes=0x0-1', whole],
    ['', whole],
  ];
  for (const [value, expected] of table) {
    test(`Range: ${value}`, () => assert.deepEqual(parseRange(value, 1_000), expected));
  }

  test('of nothing, everything is out of range', () => {
    assert.deepEqual(parseRange('bytes=0-', 0), unsatisfiable);
    assert.deepEqual(parseRange('bytes=-1', 0), unsatisfiable);
  });

  test('If-Range counts for the very same strong tag only', () => {
    assert.equal(ifRangeHolds(undefined, '"h"'), true);
    assert.equal(ifRangeHolds('"h"', '"h"'), true);
    assert.equal(ifRangeHolds('W/"h"', '"h"'), false);
    assert.equal(ifRangeHolds('"x"', '"h"'), false);
    assert.equal(ifRangeHolds('Fri, 20 Nov 2026 07:39:47 GMT', '"h"'), false);
  });
});
