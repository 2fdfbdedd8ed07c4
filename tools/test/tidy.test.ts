import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatFinding, REPOSITORY, readRepository } from '../checks/files.ts';
import { checkTidy, type Ratchet } from '../checks/tidy.ts';

/** Runs the checker over one made-up file and gives the messages. */
function messagesFor(path: string, text: string, ratchet: Ratchet = {}): string[] {
  return checkTidy([{ path, text }], ratchet).map(formatFinding);
}

const lines = (count: number): string => 'const a = 1;\n'.repeat(count);

test('the repository keeps the house limits', () => {
  const ratchetFile = join(REPOSITORY, 'tools', 'checks', 'tidy-ratchet.json');
  const ratchet = JSON.parse(readFileSync(ratchetFile, 'utf8')) as Ratchet;
  const files = readRepository();
  assert.ok(files.length > 20, 'the checker reads the repository');
  assert.deepEqual(checkTidy(files, ratchet).map(formatFinding), []);
});

test('a file of 500 lines passes, one of 501 does not', () => {
  assert.deepEqual(messagesFor('tools/a.ts', lines(500)), []);
  assert.match(messagesFor('tools/a.ts', lines(501))[0] ?? '', /501 lines, at most 500/);
  assert.deepEqual(messagesFor('docs/a.md', lines(501)), [], 'prose has no limit');
});

test('the ratchet lets a long file shrink, not grow', () => {
  const ratchet = { 'tools/a.ts': 600 };
  assert.deepEqual(messagesFor('tools/a.ts', lines(600), ratchet), []);
  assert.match(messagesFor('tools/a.ts', lines(601), ratchet)[0] ?? '', /at most 600/);
  assert.match(messagesFor('tools/a.ts', lines(590), ratchet)[0] ?? '', /write 590/);
  assert.match(messagesFor('tools/a.ts', lines(400), ratchet)[0] ?? '', /drop it/);
  assert.match(messagesFor('tools/b.ts', '', ratchet)[0] ?? '', /is gone/);
});

test('a line of 101 columns is found, unless it holds an address', () => {
  assert.deepEqual(messagesFor('tools/a.ts', `${'x'.repeat(100)}\n`), []);
  assert.match(messagesFor('tools/a.ts', `\n${'x'.repeat(101)}\n`)[0] ?? '', /a\.ts:2: 101 col/);
  assert.deepEqual(messagesFor('tools/a.ts', `// https://${'x'.repeat(100)}\n`), []);
});

test('words that do not belong in a finished file are found', () => {
  const seeded: readonly (readonly [string, string, RegExp])[] = [
    ['packages/a/src/b.ts', `// TO${'DO'}: later\n`, /unfinished/],
    ['packages/a/src/b.ts', `// FIX${'ME'} now\n`, /unfinished/],
    ['packages/a/src/b.ts', `export ${'*'} from './c.ts';\n`, /star export/],
    ['packages/a/test/b.test.ts', `test.${'only'}('x', () => {});\n`, /"only"/],
    ['packages/a/test/b.test.ts', `test('x', { ${'only'}: true }, () => {});\n`, /"only"/],
    ['docs/a.md', `get it from registry.${'npm'}js.org\n`, /package host/],
    ['.ci/run', `curl https://${'py'}pi.org/x\n`, /package host/],
  ];
  for (const [path, text, expected] of seeded) {
    assert.match(messagesFor(path, text)[0] ?? '', expected, `${path}: ${text}`);
  }
});

test('a package without a docblock at its index is found', () => {
  const index = 'packages/a/src/index.ts';
  const docblock = '/**\n * What it is.\n *\n * Limits: none.\n */\n';
  assert.deepEqual(messagesFor(index, `${docblock}export { a } from './a.ts';\n`), []);
  assert.match(messagesFor(index, "export { a } from './a.ts';\n")[0] ?? '', /announce/);
  assert.match(messagesFor(index, '/** A. */\nexport {};\n')[0] ?? '', /announce/);
});

test('a file name that is not in lower-case words is found', () => {
  assert.match(messagesFor('tools/someThing.ts', '')[0] ?? '', /rename/);
  assert.deepEqual(messagesFor('tools/some-thing.e2e.test.ts', ''), []);
});

test('a lock file with addresses or without platform packages is found', () => {
  const parent = { version: '1.0.0', optionalDependencies: { 'a-linux-x64-musl': '1.0.0' } };
  const child = { version: '1.0.0', optional: true };
  const path = 'package-lock.json';
  const lock = (packages: object): string => JSON.stringify({ packages }, null, 2);
  const complete = { 'node_modules/a': parent, 'node_modules/a-linux-x64-musl': child };
  assert.deepEqual(messagesFor(path, lock(complete)), []);
  assert.match(messagesFor(path, lock({ 'node_modules/a': parent }))[0] ?? '', /npm run lock/);
  const resolved = { 'node_modules/b': { resolved: 'https://example.org/b.tgz' } };
  assert.match(messagesFor(path, lock(resolved))[0] ?? '', /names addresses/);
});
