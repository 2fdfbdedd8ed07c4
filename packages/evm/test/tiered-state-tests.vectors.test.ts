/** The stored state tests again, with every code generated at its first frame. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { conformanceFile, skipReason } from '../../../tools/testing/conformance.ts';
import { createEvm } from '../src/create-evm.ts';
import type { Evm } from '../src/evm.ts';
import { compileNow } from '../src/jit/compile.ts';
import { runStateTests } from '../src/state-test/state-tests-shell.ts';

const CASES = 752 + 5_661;
const FAILURES_SHOWN = 20;
/** Cases that run any code with a hash; the rest are transfers, creations and refusals. */
const GENERATED_RUNS_MIN = 5_000;

test('all stored state tests in generated code: root, logs and exception of every case', {
  skip: skipReason('state-tests', 'index.json'),
}, async () => {
  const folder = conformanceFile('state-tests') ?? '';
  const files = readdirSync(folder).filter((name) => name.endsWith('.ndjson.gz'));
  const engines: Evm[] = [];
  const tier = { hotGas: 0n, compile: compileNow, sampleEvery: 0, sampleFirst: 0 };
  const paths = files.map((name) => join(folder, name));
  const summary = await runStateTests(paths, {
    async createEngine(fork) {
      const evm = await createEvm({ fork, engine: 'tiered', tier });
      engines.push(evm);
      return evm;
    },
  });
  const shown = summary.failures.slice(0, FAILURES_SHOWN);
  const text = shown.map(({ name, reason }) => `${name}: ${reason}`).join('\n');
  assert.equal(summary.failed, 0, `${summary.failed} failed\n${text}`);
  assert.deepEqual([summary.passed, summary.skipped], [CASES, 0]);
  const runs = engines.reduce((sum, evm) => sum + (evm.tier?.runs ?? 0), 0);
  assert.ok(runs >= GENERATED_RUNS_MIN, `${runs} runs used generated code`);
});
