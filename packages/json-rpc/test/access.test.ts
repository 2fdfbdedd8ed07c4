import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccessRules, isOriginAllowed } from '../src/transport/access.ts';

const RULES: AccessRules = { hosts: undefined, origins: new Set(['https://my.page']) };

test('pages of this machine, of named origins and of no origin may ask', () => {
  for (const origin of [
    undefined,
    'http://localhost:3000',
    'http://127.0.0.1',
    'https://[::1]:8443',
    'https://my.page',
  ]) {
    assert.equal(isOriginAllowed(origin, RULES), true, String(origin));
  }
});

test('a wallet in the browser may ask: no page can give itself its origin', () => {
  for (const origin of [
    'chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn',
    'moz-extension://a',
  ]) {
    assert.equal(isOriginAllowed(origin, RULES), true, String(origin));
  }
});

test('pages from elsewhere may not', () => {
  for (const origin of [
    'https://app.example.org',
    'http://localhost.example.org',
    'http://127.0.0.1.example.org',
    'null',
    '',
    'file://',
    'data:text/html,chrome-extension://a',
  ]) {
    assert.equal(isOriginAllowed(origin, RULES), false, origin);
  }
});
