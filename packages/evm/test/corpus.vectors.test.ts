import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createEngine } from '../fuzz/engines.ts';
import { runStateTests } from '../src/state-test/state-tests-shell.ts';

const FOLDER = join(import.meta.dirname, 'corpus');

for (const engine of ['interpreter', 'tiered'] as const) {
  test(`${engine}: every difference that the fuzzer ever found stays settled`, async () => {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
    assert(files.length > 0, 'the corpus is not empty');
    const paths = files.map((name) => join(FOLDER, name));
    const summary = await runStateTests(paths, {
      createEngine: (fork) => createEngine(fork, engine),
    });
    assert.deepEqual(
      summary.failures.map(({ name, reason }) => `${name}: ${reason}`),
      [],
    );
    assert.equal(summary.skipped, 0);
    assert(summary.passed >= files.length);
  });
}
