import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

test('the example of the README runs', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1];
  assert.ok(example !== undefined && example.includes('assert.deepEqual(verdicts'));
  // Inside the package, so that its imports resolve as a reader's would.
  const file = new URL('../build/readme-example.ts', import.meta.url);
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, example);
  try {
    await import(file.href);
  } finally {
    rmSync(file);
  }
});
