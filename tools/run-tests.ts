/**
 * `npm test`: the main suite in one process, then the end-to-end tests each in its own.
 *
 * One process for the main suite because a process per file strips the types of the whole import
 * graph anew for each file (measured: 33 s against 1.2 s for 60 files). Tests that open ports,
 * start processes or browsers are named `*.e2e.test.ts` and run isolated, one after the other.
 *
 * Arguments: words are path filters (a file runs when its path contains one of them); everything
 * that starts with `-` goes to node, for example `--test-name-pattern=checkpoint`.
 *
 *   npm test
 *   npm test -- packages/protocol
 *   npm test -- store --test-name-pattern=recover
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const TEST_FOLDERS: readonly string[] = ['packages/*/test', 'apps/*/test', 'tools/test'];

interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  readonly flags: readonly string[];
}

function findTests(filters: readonly string[]): string[] {
  return globSync(
    TEST_FOLDERS.map((folder) => `${folder}/**/*.test.ts`),
    { cwd: ROOT },
  )
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))
    .sort();
}

function runSuite(suite: Suite, passedOn: readonly string[]): boolean {
  if (suite.files.length === 0) return true;
  console.log(`\n${suite.name}: ${suite.files.length} files`);
  const args = ['--test', '--test-reporter=spec', ...suite.flags, ...passedOn, ...suite.files];
  const run = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (run.error) throw run.error;
  if (run.signal) console.error(`${suite.name}: ended by ${run.signal}`);
  return run.status === 0;
}

function main(args: readonly string[]): number {
  const passedOn = args.filter((arg) => arg.startsWith('-'));
  const filters = args
    .filter((arg) => !arg.startsWith('-'))
    .map((filter) => filter.replace(/^\.\//, ''));
  const files = findTests(filters);
  if (files.length === 0) {
    console.error(`no test file matches ${filters.join(' ')}; a filter is a part of the path`);
    return 1;
  }
  const isEndToEnd = (file: string): boolean => file.endsWith('.e2e.test.ts');
  const suites: readonly Suite[] = [
    {
      name: 'main suite (one process)',
      files: files.filter((file) => !isEndToEnd(file)),
      // A leaked timer must not hang the run; a hanging test must not either.
      flags: ['--test-isolation=none', '--test-force-exit', '--test-timeout=120000'],
    },
    {
      name: 'end-to-end suite (a process per file)',
      files: files.filter(isEndToEnd),
      flags: ['--test-concurrency=1', '--test-timeout=600000'],
    },
  ];
  // Both run even when the first fails: one look shows everything that is broken.
  const results = suites.map((suite) => runSuite(suite, passedOn));
  return results.every((passed) => passed) ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
