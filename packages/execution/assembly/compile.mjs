// The scheduler's compile step, also used by tests: with a seeded fault, or with the places where
// other workers may run handed to the host.

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAssembly } from '../../../tools/assembly/compile.mjs';

const sources = join(dirname(fileURLToPath(import.meta.url)), 'scheduler');

const OPTIONS = [
  '--converge',
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
export function compileScheduler({ isPreemptible = false, edit } = {}) {
  const preempt = join(sources, 'preempt-host.ts');
  const place = (name) => (isPreemptible && name === 'preempt.ts' ? preempt : undefined);
  return compileAssembly(sources, OPTIONS, { place, edit });
}
