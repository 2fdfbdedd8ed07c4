// The scheduler's compile step, also used by tests: with a seeded fault, or with the places where
// other workers may run handed to the host.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const sources = join(dirname(fileURLToPath(import.meta.url)), 'scheduler');

const OPTIONS = [
  '-O3',
  '--converge',
  '--noAssert',
  '--runtime',
  'stub',
  '--use',
  'abort=',
  '--importMemory',
  '--enable',
  'threads',
  '--sharedMemory',
  '--initialMemory',
  '1',
  '--maximumMemory',
  '65536',
];

/**
 * @param {{ isPreemptible?: boolean, edit?: (name: string, text: string) => string }} [options]
 *   edit: changes a source file before it is compiled; name without folder, `index.ts` say
 * @returns {Promise<Uint8Array>}
 */
export async function compileScheduler({ isPreemptible = false, edit } = {}) {
  let binary;
  const { error, stderr } = await asc.main(['index.ts', ...OPTIONS, '--outFile', 'out.wasm'], {
    readFile: (name, base) => {
      const source = isPreemptible && name === 'preempt.ts' ? 'preempt-host.ts' : name;
      try {
        const text = readFileSync(join(sources, base === '.' ? '' : base, source), 'utf8');
        return edit === undefined ? text : edit(name, text);
      } catch {
        return null;
      }
    },
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
    },
    listFiles: () => [],
  });
  if (error || binary === undefined) {
    console.error(stderr.toString());
    throw error ?? new Error('the AssemblyScript compiler gave no module');
  }
  return binary;
}
