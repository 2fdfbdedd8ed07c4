import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDataFolder } from '../src/index.ts';
import { TestChain } from './support/chain.ts';
import { testFolder } from './support/folder.ts';

/** The statements of the example, without its import, as the body of a function. */
function exampleOf(text: string): string {
  const found = /await using folder[\s\S]*?index: 0 \}/.exec(text.replaceAll(/^ \* ?/gm, ''));
  assert.ok(found !== null, 'the example is there');
  return found[0];
}

const README = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
const INDEX = readFileSync(join(import.meta.dirname, '..', 'src', 'index.ts'), 'utf8');

test('README and the head of the package show the same example', () => {
  assert.equal(exampleOf(INDEX), exampleOf(README));
});

test('the example runs', async () => {
  await using parent = await testFolder('readme');
  const chain = new TestChain(1);
  const { blocks } = chain.grow(1);
  const names = ['openDataFolder', 'namespace', 'entry', 'blockHash', 'payload'];
  const source = exampleOf(README)
    .replace("'/var/lib/basalt'", JSON.stringify(parent.path))
    .replace('await folder.store.locate', 'const found = await folder.store.locate');
  const code = `export const run = async (${names.join()}) => { ${source}\nreturn found; };`;
  const module: unknown = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  const { run } = module as { run: (...values: unknown[]) => Promise<unknown> };
  const [block] = blocks;
  const values = [openDataFolder, chain.namespace, block?.entry, block?.blockHash, block?.payload];
  assert.deepEqual(await run(...values), { namespace: chain.namespace, index: 0 });
});
