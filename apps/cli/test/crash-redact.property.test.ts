/** A secret under a name that says so survives in no text, wherever it stands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { framesOf } from '../src/crash/crash-report.ts';
import { redactText } from '../src/crash/redact.ts';

const HOME = '/srv/people/alice';

const words = ['token', 'secret', 'passphrase', 'password', 'api_key', 'apiKey', 'api-key', 'key'];
const word = fc.constantFrom(...words, 'seed', 'mnemonic', 'privateKey', 'private_key');
const prefix = fc.constantFrom('', 'x', 'admin_', 'BASALT_ADMIN_', 'client-', 'my9', '__', '?a=1&');
const casing = fc.constantFrom(
  (text: string) => text,
  (text: string) => text.toUpperCase(),
  (text: string) => (text[0] ?? '').toUpperCase() + text.slice(1),
);
const secret = fc.stringMatching(/^[a-z0-9!#$%*+.,;~^-]{1,12}$/).map((end) => `Zq7${end}`);
const around = fc.stringMatching(/^[\x20-\x7e\n]{0,40}$/).filter((text) => !text.includes('Zq7'));

const WRITTEN: readonly ((name: string, value: string) => string)[] = [
  (name, value) => `${name}=${value}`,
  (name, value) => `${name}: ${value}`,
  (name, value) => `${name} = '${value}'`,
  (name, value) => `"${name}":"${value}"`,
  (name, value) => JSON.stringify({ [name]: `two ${value}` }),
  (name, value) => JSON.stringify({ line: JSON.stringify({ [name]: `two "${value}"` }) }),
  (name, value) => JSON.stringify({ [name]: [value, value] }),
  (name, value) => `/control?${name}=${value}&x=1`,
  (name, value) => `at ${name}=${value}`,
  (_name, value) => `http://user:p@${value}@host/path`,
];

test('whatever stands around it, a named secret is withheld', () => {
  const written = fc.constantFrom(...WRITTEN);
  const parts = [prefix, word, casing, secret, written, around, around] as const;
  fc.assert(
    fc.property(...parts, (before, name, cased, value, write, left, right) => {
      const text = write(cased(before + name), value);
      for (const whole of [text, `${left} ${text} ${right}`, `${left}\n${text}\n${right}`]) {
        assert.ok(!redactText(whole, HOME).includes('Zq7'), whole);
        const frames = framesOf(new Error(`${whole}\n    at f (${text}:1:2)`), HOME);
        assert.ok(frames.length > 0 && !frames.join('\n').includes('Zq7'), whole);
      }
    }),
    { numRuns: 500 },
  );
});

test('the longest texts are cleaned in bounded time', () => {
  for (const part of ['token', 'a', 'key=', '"token":"', 'a.', '\\', 'http://']) {
    const text = part.repeat(Math.ceil(16_384 / part.length));
    const startMs = performance.now();
    redactText(text, HOME);
    assert.ok(performance.now() - startMs < 2_000, part);
  }
});
