import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { conformanceFile, skipReason } from '../../../tools/testing/conformance.ts';
import { createEvm } from '../src/create-evm.ts';
import { runStateTests } from '../src/state-test/state-tests-shell.ts';

/** Stored Osaka cases of the execution-spec-tests, and of the smaller set made from all groups. */
const STORED_CASES = 5_661;
const CORE_CASES = 752;
const FAILURES_SHOWN = 20;

async function assertAllPass(paths: readonly string[], cases: number): Promise<void> {
  const summary = await runStateTests(paths, { createEngine: (fork) => createEvm({ fork }) });
  const shown = summary.failures.slice(0, FAILURES_SHOWN);
  const text = shown.map(({ name, reason }) => `${name}: ${reason}`).join('\n');
  assert.equal(summary.failed, 0, `${summary.failed} failed\n${text}`);
  assert.equal(summary.skipped, 0);
  assert.equal(summary.passed, cases);
}

test('the core of the execution-spec-tests: root, logs and exception of every case', {
  skip: skipReason('state-tests', 'core.ndjson.gz'),
}, async () => {
  await assertAllPass([conformanceFile('state-tests', 'core.ndjson.gz') ?? ''], CORE_CASES);
});

test('all stored execution-spec-tests of Osaka', {
  skip: skipReason('state-tests', 'index.json'),
}, async () => {
  const folder = conformanceFile('state-tests') ?? '';
  const files = readdirSync(folder).filter((name) => name.startsWith('osaka-'));
  await assertAllPass(
    files.map((name) => join(folder, name)),
    STORED_CASES,
  );
});
