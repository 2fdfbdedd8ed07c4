// Compiles build/trie.wasm. Run by tools/bootstrap.mjs when a source changed; by hand:
// `node assembly/build-trie.mjs` in packages/execution.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = dirname(fileURLToPath(import.meta.url));
const output = join(dirname(folder), 'build');
/** One source for both: a second copy of the permutation would have to be proven again. */
const KERNEL = join(folder, '..', '..', 'evm', 'assembly', 'kernel');

const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort='];
const PLACE = ['--enable', 'simd', '--memoryBase', '1024', '--initialMemory', '2'];

function readSource(name) {
  const from = name === 'keccak.ts' ? KERNEL : join(folder, 'trie');
  try {
    return readFileSync(join(from, name), 'utf8');
  } catch {
    return null;
  }
}

let binary;
const { error, stderr } = await asc.main(
  ['index.ts', ...OPTIONS, ...PLACE, '--outFile', 'trie.wasm'],
  {
    readFile: (name) => readSource(name),
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
    },
    listFiles: () => [],
  },
);
if (error || binary === undefined) {
  console.error(stderr.toString());
  throw error ?? new Error('the AssemblyScript compiler gave no module');
}
mkdirSync(output, { recursive: true });
writeFileSync(join(output, 'trie.wasm'), binary);
