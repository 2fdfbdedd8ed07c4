/**
 * Finds and runs state tests in files. Reads the disk, hence a shell: everything that decides lies
 * in the files beside it.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Evm } from '../evm.ts';
import { loadRecover } from '../precompiles/recover.ts';
import type { Fork } from '../types.ts';
import { FIXTURE_FORKS, type StateTest } from './fixture.ts';
import { type RunTransaction, runCase } from './run-case.ts';

export interface StateTestOptions {
  /** Makes the engine of a fork; called once for each fork that the files name. */
  readonly createEngine: (fork: Fork) => Promise<Evm>;
  /** Runs a case's transaction in another way than `transact`. */
  readonly run?: RunTransaction;
  /** Told of every case as it ends. */
  readonly onCase?: (outcome: StateTestOutcome) => void;
}

export interface StateTestOutcome {
  readonly name: string;
  readonly fork: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped; undefined when it passed. */
  readonly reason: string | undefined;
}

export interface StateTestSummary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly StateTestOutcome[];
}

/**
 * Runs every state test in the given files and folders: JSON as the Ethereum projects publish it,
 * or one JSON object a line, gzip (`*.ndjson.gz`). Cases of forks after the last one known are
 * skipped.
 *
 * @throws {Error} when a path does not exist or a file is not of one of these forms
 */
export async function runStateTests(
  paths: readonly string[],
  options: StateTestOptions,
): Promise<StateTestSummary> {
  const recover = await loadRecover();
  const { run } = options;
  const engines = new Map<Fork, Evm>();
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures: StateTestOutcome[] = [];
  const tell = (outcome: StateTestOutcome): void => {
    counts[outcome.status]++;
    if (outcome.status === 'failed') failures.push(outcome);
    options.onCase?.(outcome);
  };
  for (const test of readTests(paths)) {
    for (const [forkName, expectations] of Object.entries(test.post)) {
      const fork = FIXTURE_FORKS[forkName];
      for (const [index, expectation] of expectations.entries()) {
        const name = expectations.length === 1 ? test.name : `${test.name} [${index}]`;
        if (fork === undefined) {
          tell({ name, fork: forkName, status: 'skipped', reason: `no fork ${forkName}` });
          continue;
        }
        const evm = engines.get(fork) ?? (await options.createEngine(fork));
        engines.set(fork, evm);
        const reason = attempt(() => runCase(evm, test, forkName, expectation, { recover, run }));
        const status = reason === undefined ? 'passed' : 'failed';
        tell({ name, fork: forkName, status, reason });
      }
    }
  }
  return { ...counts, failures };
}

/** What the run says, or what it threw: one broken case does not end the others. */
function attempt(run: () => string | undefined): string | undefined {
  try {
    return run();
  } catch (error) {
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}

/** All tests of files and folders, one file in memory at a time. */
export function* readTests(paths: readonly string[]): Generator<StateTest> {
  for (const path of paths.flatMap(listFiles)) {
    if (path.endsWith('.gz')) {
      for (const line of gunzipSync(readFileSync(path)).toString('utf8').split('\n')) {
        if (line !== '') yield JSON.parse(line) as StateTest;
      }
      continue;
    }
    const tests = JSON.parse(readFileSync(path, 'utf8')) as Record<string, StateTest>;
    for (const [name, test] of Object.entries(tests)) {
      if (typeof test !== 'object' || !('post' in test) || !('pre' in test)) {
        throw new Error(`${path}: ${name} is not a state test`);
      }
      yield { ...test, name };
    }
  }
}

/** A folder's `.json` and `.ndjson.gz` files, deep; `index.json` lists others and has no tests. */
function listFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .filter(({ name }) => /\.json$|\.ndjson\.gz$/.test(name) && name !== 'index.json')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
