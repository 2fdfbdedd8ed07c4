import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GatewayError } from '../src/errors.ts';
import { parseTarget } from '../src/http/target.ts';

suite('request targets', () => {
  const good: readonly [string, string, string][] = [
    ['/', '/', ''],
    ['/chains', '/chains', ''],
    ['/chains?from=1&count=2', '/chains', 'from=1&count=2'],
    ['/chains/caf%C3%A9/head', '/chains/caf%C3%A9/head', ''],
    ['/ns/a/tile/0/x001/067.p/8', '/ns/a/tile/0/x001/067.p/8', ''],
    ['/.well-known/basalt', '/.well-known/basalt', ''],
    ['/chains?', '/chains', ''],
    ['http://example.com/chains?x', '/chains', 'x'],
    ['HTTPS://example.com:8080', '/', ''],
    ['/chains/a..b', '/chains/a..b', ''],
  ];
  for (const [raw, path, query] of good) {
    test(`${raw} is read`, () => assert.deepEqual(parseTarget(raw), { path, query }));
  }

  const tricks = [
    '/../etc/passwd',
    '/chains/..',
    '/chains/../x',
    '/./chains',
    '/chains/.',
    '/%2e%2e/etc',
    '/chains/%2E',
    '/chains/.%2e/x',
    '/chains//head',
    '/chains/',
    '//example.com/chains',
    '/chains/a%2fb',
    '/chains/a%2Fb',
    '/chains/a%5cb',
    '/chains/a\\b',
    '/chains/%00',
    '/chains/a%0d%0ab',
    '/chains/%7f',
    '/chains/%c0%ae%c0%ae',
    '/chains/%e0%80%ae',
    '/chains/%ff',
    '/chains/%ed%a0%80',
    '/chains/%',
    '/chains/%4',
    '/chains/%zz',
    '/chains/a b',
    '/chains/é',
    '/chains/a#b',
    '/chains/<x>',
    'chains',
    '',
    '*',
    'ftp://example.com/x',
    'javascript:alert(1)',
    '/chains?a\u0000b',
    '/chains?é',
  ];
  for (const raw of tricks) {
    test(`${JSON.stringify(raw)} is refused`, () => {
      assert.throws(
        () => parseTarget(raw),
        (error) => error instanceof GatewayError && error.code === 'bad-request',
      );
    });
  }

  test('a target that is too long is refused before it is looked at', () => {
    assert.throws(
      () => parseTarget(`/${'a'.repeat(10_000)}`),
      (error) => error instanceof GatewayError && error.code === 'target-too-long',
    );
  });
});
