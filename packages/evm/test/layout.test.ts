import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as layout from '../src/kernel/layout.ts';
import * as parallel from '../src/parallel/layout.ts';

/** Numbers that a file of the kernel names, by name. */
function numbersIn(file: string): Map<string, string> {
  const source = readFileSync(new URL(`../assembly/kernel/${file}`, import.meta.url), 'utf8');
  const found = source.matchAll(/^(?:export )?const (\w+): \w+ = (\d+);/gm);
  return new Map([...found].map(([, name = '', value = '']) => [name, value]));
}

test('the host reads records at the offsets that the kernel writes them', () => {
  const inKernel = numbersIn('layout.ts');
  assert.ok(Object.keys(layout).length > 40);
  for (const [name, value] of Object.entries(layout)) {
    assert.equal(inKernel.get(name), String(value), name);
  }
});

test('the coordinator reads the multi-version memory where the kernel writes it', () => {
  const files = ['cells.ts', 'records.ts', 'coordinate.ts', 'publish.ts'];
  const inKernel = new Map(files.flatMap((file) => [...numbersIn(file)]));
  const numbers = Object.entries(parallel).filter(([, value]) => typeof value === 'number');
  assert.ok(numbers.length > 40);
  for (const [name, value] of numbers) {
    // The kernel is told these two by the header.
    if (name === 'V_ENGINES') continue;
    assert.equal(inKernel.get(name), String(value), name);
  }
});
