// Compiles build/trie.wasm. Run by tools/bootstrap.mjs when a source changed; by hand:
// `node assembly/build-trie.mjs` in packages/execution.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAssembly } from '../../../tools/assembly/compile.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const output = join(dirname(folder), 'build');
/** One source for both: a second copy of the permutation would have to be proven again. */
const KECCAK = join(folder, '..', '..', 'evm', 'assembly', 'kernel', 'keccak.ts');

const OPTIONS = ['--use', 'abort=', '--enable', 'simd'];
const PLACE = ['--memoryBase', '1024', '--initialMemory', '2'];

const binary = await compileAssembly(join(folder, 'trie'), [...OPTIONS, ...PLACE], {
  place: (name) => (name === 'keccak.ts' ? KECCAK : undefined),
});
mkdirSync(output, { recursive: true });
writeFileSync(join(output, 'trie.wasm'), binary);
