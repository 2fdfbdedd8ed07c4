// The one call of the AssemblyScript compiler: from `index.ts` of a folder to a module in memory.
// Packages that compile with it name this folder among their sources, so that a change here builds
// them again (tools/bootstrap.mjs).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

/** No runtime and no asserts: kernels check every bound themselves. */
const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub'];

/**
 * @param {string} folder where `index.ts` lies
 * @param {readonly string[]} options of the compiler, behind those that all have
 * @param {(name: string) => string | undefined} [place] another file's path for a source; the name
 *   may come with its folder
 * @param {(name: string, text: string) => string} [edit] changes a source before it is compiled
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function compileAssembly(folder, options, { place, edit } = {}) {
  let binary;
  const { error, stderr } = await asc.main(
    ['index.ts', ...OPTIONS, ...options, '--outFile', 'out.wasm'],
    {
      readFile: (name, base) => {
        const path = place?.(name) ?? join(folder, base === '.' ? '' : base, name);
        try {
          const text = readFileSync(path, 'utf8');
          return edit === undefined ? text : edit(name, text);
        } catch {
          return null;
        }
      },
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
  return binary;
}
