import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { negotiateCoding, negotiateMediaType } from '../src/http/accept.ts';
import { parsePrefer } from '../src/http/prefer.ts';
import { shownType } from '../src/media-types.ts';

suite('Accept', () => {
  const offered = ['application/x-olocus-block', 'application/json'];
  const [wire, json] = offered;
  const table: readonly [string | undefined, string | undefined][] = [
    [undefined, wire],
    ['', wire],
    ['*/*', wire],
    ['application/*', wire],
    ['application/json', json],
    ['APPLICATION/JSON', json],
    ['application/json, */*;q=0.1', json],
    ['application/json;q=0.5, application/x-olocus-block', wire],
    ['application/x-olocus-block;q=0.1, application/json;q=0.2', json],
    ['*/*, application/x-olocus-block;q=0', json],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', wire],
    ['text/html', undefined],
    ['image/png;q=1', undefined],
    ['application/json;q=0', undefined],
    ['application/json;q=nonsense', undefined],
    ['application/json;version=1', json],
    [';;;,,,', undefined],
  ];
  for (const [accept, expected] of table) {
    test(`${accept} gives ${expected}`, () => {
      assert.equal(negotiateMediaType(accept, offered), expected);
    });
  }
});

suite('Accept-Encoding', () => {
  const table: readonly [string | undefined, string][] = [
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['zstd', 'zstd'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['br', 'br'],
    ['gzip, deflate, br', 'br'],
    ['br;q=0.9, zstd;q=0.8, gzip', 'gzip'],
    ['br, zstd;q=0.8', 'br'],
    ['*, zstd;q=0', 'br'],
    ['*;q=0.1, br;q=0, zstd;q=0', 'gzip'],
    ['gzip;q=1, zstd;q=0.5', 'gzip'],
    ['gzip;q=0', 'identity'],
    ['*', 'zstd'],
    ['*, zstd;q=0, br;q=0', 'gzip'],
    ['identity', 'identity'],
    ['identity;q=1, gzip;q=0.5', 'identity'],
    // Identity may be sent even where it is refused and nothing else is ours.
    ['deflate, identity;q=0', 'identity'],
  ];
  for (const [accept, expected] of table) {
    test(`${accept} gives ${expected}`, () => assert.equal(negotiateCoding(accept), expected));
  }
});

suite('Prefer, RFC 7240', () => {
  const table: readonly [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ['respond-async', 'respond-async'],
    ['Respond-Async', 'respond-async'],
    ['respond-async, wait=100', 'respond-async'],
    ['foo; bar, durable', 'durable'],
    ['foo="a, respond-async", wait-checkpoint', 'wait-checkpoint'],
    ['foo="\\", respond-async"', undefined],
    ['handling=lenient', undefined],
    ['durable=""', 'durable'],
    ['xdurable', undefined],
    ['', undefined],
  ];
  for (const [value, expected] of table) {
    test(`${value} gives ${expected}`, () => assert.equal(parsePrefer(value), expected));
  }
});

suite('types that a payload may be shown as', () => {
  test('texts, pictures, sounds and data are', () => {
    assert.equal(shownType('text/plain'), 'text/plain; charset=utf-8');
    for (const type of ['image/png', 'video/mp4', 'audio/ogg', 'application/json']) {
      assert.equal(shownType(type), type);
    }
  });

  const running = [
    'text/html',
    'TEXT/HTML',
    'text/javascript',
    'application/javascript',
    'text/css',
    'image/svg+xml',
    'application/xhtml+xml',
    'text/xml',
    'application/xml',
    'application/wasm',
    'text/event-stream',
    'multipart/x-mixed-replace',
    'text/plain; charset=utf-7',
    'text/plain\r\nx: y',
    '',
  ];
  for (const type of running) {
    test(`${JSON.stringify(type)} is not`, () => assert.equal(shownType(type), undefined));
  }
});
