import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createMemoryTables } from '@basalt/store';
import * as execution from '../src/index.ts';

/** The statements of the example as the body of a function. */
function exampleOf(text: string): string {
  const found = /const world = create[\s\S]*?block\.header\.gasUsed;/.exec(
    text.replaceAll(/^ \* ?/gm, ''),
  );
  assert.ok(found !== null, 'the example is there');
  return found[0];
}

for (const path of ['README.md', join('src', 'index.ts')]) {
  test(`the example of ${path} runs`, async () => {
    const source = exampleOf(readFileSync(join(import.meta.dirname, '..', path), 'utf8'));
    const body = source.replace('block.header.gasUsed;', 'return block.header.gasUsed;');
    const names = { ...execution, createMemoryTables };
    const code = `export const run = async ({ ${Object.keys(names).join(', ')} }) => { ${body}\n};`;
    const module: unknown = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    const { run } = module as { run: (values: object) => Promise<unknown> };
    assert.equal(await run(names), 21_000n);
  });
}
