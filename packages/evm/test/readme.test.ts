import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createEvm, createMemoryState } from '../src/index.ts';

/** The statements of the example, without imports and comments, as the body of a function. */
function exampleOf(text: string): string {
  const found = /const evm = await[\s\S]*?result\.output\[31\];/.exec(
    text.replaceAll(/^ \* ?/gm, ''),
  );
  assert.ok(found !== null, 'the example is there');
  return found[0];
}

for (const path of ['README.md', join('src', 'index.ts')]) {
  test(`the example of ${path} runs`, async () => {
    const source = exampleOf(readFileSync(join(import.meta.dirname, '..', path), 'utf8'));
    const body = source.replace('result.output[31];', 'return result.output[31];');
    const code = `export const run = async (createEvm, createMemoryState) => { ${body}\n};`;
    const module: unknown = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    const { run } = module as { run: (...values: unknown[]) => Promise<unknown> };
    assert.equal(await run(createEvm, createMemoryState), 5);
  });
}
