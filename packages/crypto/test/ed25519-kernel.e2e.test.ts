import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const SCRIPT = `
  import { createNativeProvider, verifyBatchSync } from '@basalt/crypto';
  import { itemsOf, makeChain, withBadSignature } from './test/support.ts';
  const provider = createNativeProvider();
  const items = itemsOf(makeChain({ count: 20, provider }));
  const verdicts = verifyBatchSync(items.with(7, withBadSignature(items[7], 300)), { provider });
  console.log(JSON.stringify({ hasKernel: provider.kernel !== undefined, verdicts }));
`;

function run(flags: readonly string[]): { hasKernel: boolean; verdicts: (string | null)[] } {
  const args = [...flags, '--input-type=module-typescript', '--eval', SCRIPT];
  const cwd = new URL('..', import.meta.url);
  const child = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: 30_000 });
  assert.equal(child.status, 0, child.stderr);
  return JSON.parse(child.stdout);
}

const ONE_BAD = Array.from({ length: 20 }, (_, i) => (i === 7 ? 'invalid-signature' : null));

test('a processor without fused multiply-add: no kernel, the same verdicts', (t) => {
  if (process.arch !== 'x64') return t.skip('only x64 processors may lack the instruction');
  // Optimising and baseline compiler: both must see the double rounding.
  for (const tier of ['--no-liftoff', '--liftoff-only']) {
    assert.deepEqual(run(['--no-enable-fma3', tier]), { hasKernel: false, verdicts: ONE_BAD });
  }
});

test('both compilers of the engine run the kernel alike', () => {
  for (const tier of ['--no-liftoff', '--liftoff-only']) {
    assert.deepEqual(run([tier]), { hasKernel: true, verdicts: ONE_BAD });
  }
});
