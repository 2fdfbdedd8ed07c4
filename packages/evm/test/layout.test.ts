import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as layout from '../src/kernel/layout.ts';

const source = readFileSync(new URL('../assembly/kernel/layout.ts', import.meta.url), 'utf8');
const inKernel = new Map(
  [...source.matchAll(/^export const (\w+): \w+ = (\d+);/gm)].map(([, name, value]) => [
    name,
    value,
  ]),
);

test('the host reads records at the offsets that the kernel writes them', () => {
  assert.ok(Object.keys(layout).length > 40);
  for (const [name, value] of Object.entries(layout)) {
    assert.equal(inKernel.get(name), String(value), name);
  }
});
