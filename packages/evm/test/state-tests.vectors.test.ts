import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { conformanceFile, skipReason } from '../../../tools/testing/conformance.ts';
import { createEngine, type EngineName } from '../fuzz/engines.ts';
import { runStateTests } from '../src/state-test/state-tests-shell.ts';

/** Stored Osaka cases of the execution-spec-tests, and of the smaller set made from all groups. */
const STORED_CASES = 5_661;
const CORE_CASES = 752;
const FAILURES_SHOWN = 20;

const ENGINES: readonly EngineName[] = ['interpreter', 'tiered'];

async function assertAllPass(
  engine: EngineName,
  paths: readonly string[],
  cases: number,
): Promise<void> {
  const summary = await runStateTests(paths, {
    createEngine: (fork) => createEngine(fork, engine),
  });
  const shown = summary.failures.slice(0, FAILURES_SHOWN);
  const text = shown.map(({ name, reason }) => `${name}: ${reason}`).join('\n');
  assert.equal(summary.failed, 0, `${summary.failed} failed\n${text}`);
  assert.equal(summary.skipped, 0);
  assert.equal(summary.passed, cases);
}

for (const engine of ENGINES) {
  test(`${engine}: the core of the execution-spec-tests, root, logs and exception of every case`, {
    skip: skipReason('state-tests', 'core.ndjson.gz'),
  }, async () => {
    const path = conformanceFile('state-tests', 'core.ndjson.gz') ?? '';
    await assertAllPass(engine, [path], CORE_CASES);
  });

  test(`${engine}: all stored execution-spec-tests of Osaka`, {
    skip: skipReason('state-tests', 'index.json'),
  }, async () => {
    const folder = conformanceFile('state-tests') ?? '';
    const files = readdirSync(folder).filter((name) => name.startsWith('osaka-'));
    await assertAllPass(
      engine,
      files.map((name) => join(folder, name)),
      STORED_CASES,
    );
  });
}
