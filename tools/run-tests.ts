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
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { styleText } from 'node:util';
import type { Counts } from './testing/counting-reporter.ts';

const ROOT = resolve(import.meta.dirname, '..');
const TEST_FOLDERS: readonly string[] = ['packages/*/test', 'apps/*/test', 'tools/test'];

const CLOSING_LINES: readonly string[] = [
  'tests',
  'suites',
  'pass',
  'fail',
  'cancelled',
  'skipped',
  'todo',
  'duration_ms',
];

interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  readonly flags: readonly string[];
}

interface Result {
  readonly passed: boolean;
  /** One failure when the suite broke off before its closing lines. */
  readonly counts: Counts;
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

/** Runs one suite with its output passed through. */
function runSuite(suite: Suite, passedOn: readonly string[], folder: string): Result {
  console.log(`\n${suite.name}: ${suite.files.length} files`);
  const countsFile = join(folder, 'counts.json');
  rmSync(countsFile, { force: true });
  const reporter = pathToFileURL(join(ROOT, 'tools/testing/counting-reporter.ts')).href;
  const args = ['--test', `--test-reporter=${reporter}`, ...suite.flags, ...passedOn];
  const run = spawnSync(process.execPath, [...args, '--', ...suite.files], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, BASALT_TEST_COUNTS: countsFile },
  });
  if (run.error) throw run.error;
  if (!existsSync(countsFile)) {
    console.log(`${suite.name}: broke off (${run.signal ?? `code ${run.status}`})`);
    return { passed: false, counts: { tests: 1, fail: 1 } };
  }
  const counts = JSON.parse(readFileSync(countsFile, 'utf8')) as Counts;
  return { passed: run.status === 0, counts };
}

/** Node's closing lines, summed over the suites. */
function printClosingLines(results: readonly Result[]): void {
  console.log();
  for (const name of CLOSING_LINES) {
    const sum = results.reduce((total, { counts }) => total + (counts[name] ?? 0), 0);
    const rounded = Number(sum.toFixed(3));
    console.log(styleText('blue', `\u2139 ${name} ${rounded}`));
  }
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
  const folder = mkdtempSync(join(tmpdir(), 'basalt-test-'));
  try {
    // Both run even when the first fails: one look shows everything that is broken.
    const results = suites
      .filter((suite) => suite.files.length > 0)
      .map((suite) => runSuite(suite, passedOn, folder));
    printClosingLines(results);
    return results.every(({ passed }) => passed) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = main(process.argv.slice(2));
