/** The runner itself, over made-up test files in a folder whose path has a space. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { REPOSITORY } from '../checks/files.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function runTests(
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): { code: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'basalt run '));
  folders.push(folder);
  for (const file of ['tools/run-tests.ts', 'tools/testing/counting-reporter.ts']) {
    cpSync(join(REPOSITORY, file), join(folder, file));
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(folder, 'packages/a/test'), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const body = `import { test } from 'node:test';\n${text}\n`;
    writeFileSync(join(folder, 'packages/a/test', name), body);
  }
  const env = { ...process.env };
  delete env['NODE_TEST_CONTEXT']; // the runner under test is not a child of this one
  const run = spawnSync(process.execPath, ['tools/run-tests.ts', ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env,
  });
  return { code: run.status, output: run.stdout + run.stderr };
}

const PASSING = "test('fine', () => {});";
const FAILING = "test('broken', () => { throw new Error('seeded'); });";

test('both suites run and close with one set of lines', () => {
  const { code, output } = runTests({ 'a.test.ts': PASSING, 'b.e2e.test.ts': PASSING });
  assert.equal(code, 0, output);
  assert.match(output, /ℹ tests 2\n[^]*ℹ pass 2\n[^]*ℹ fail 0\n/);
  assert.equal(output.match(/ℹ tests/g)?.length, 1);
});

test('a failure in either suite fails the run, and the other still runs', () => {
  for (const [first, second] of [
    [PASSING, FAILING],
    [FAILING, PASSING],
  ]) {
    const files = { 'a.test.ts': String(first), 'b.e2e.test.ts': String(second) };
    const { code, output } = runTests(files);
    assert.equal(code, 1, output);
    assert.match(output, /ℹ tests 2\n[^]*ℹ pass 1\n[^]*ℹ fail 1\n/);
    assert.match(output, /Error: seeded/);
  }
});

test('a test that ends the process is a failure, not a short run', () => {
  const { code, output } = runTests({ 'a.test.ts': "test('exit', () => process.exit(0));" });
  assert.equal(code, 1, output);
  assert.match(output, /broke off[^]*ℹ fail 1\n/);
});

test('a file that cannot be loaded is a failure', () => {
  const { code, output } = runTests({ 'a.test.ts': "import './absent.ts';" });
  assert.equal(code, 1, output);
  assert.match(output, /ℹ fail 1\n/);
});

test('a leaked timer does not hang the main suite', () => {
  const { code, output } = runTests({ 'a.test.ts': `setInterval(() => {}, 1000);\n${PASSING}` });
  assert.equal(code, 0, output);
});

test('words filter paths, flags go to node, no match is an error', () => {
  const files = { 'a.test.ts': FAILING, 'b.test.ts': PASSING };
  assert.match(runTests(files, ['b.test']).output, /ℹ tests 1\n[^]*ℹ fail 0\n/);
  assert.match(runTests(files, ['--test-name-pattern=fine']).output, /ℹ fail 0\n/);
  const none = runTests(files, ['packages/b']);
  assert.equal(none.code, 1);
  assert.match(none.output, /no test file matches packages\/b/);
});
