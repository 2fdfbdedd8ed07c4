// The kernel's compile step, also used by tests that compile it with a seeded fault.

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAssembly } from '../../../tools/assembly/compile.mjs';

const folder = dirname(fileURLToPath(import.meta.url));

/** Static data of the kernel lies below this; the host places regions from here. */
const STATIC_END = 65_536;
const OPTIONS = [
  '--converge',
  '--use',
  'abort=',
  '--importMemory',
  '--exportTable',
  '--memoryBase',
  '1024',
  '--enable',
  'simd',
  // Atomics of the multi-version memory; without shared memory nothing runs them.
  '--enable',
  'threads',
];

/**
 * @param {{ isShared?: boolean, edit?: (name: string, text: string) => string }} [options]
 *   edit: changes a source file before it is compiled; name without folder, `words.ts` say
 * @returns {Promise<Uint8Array>}
 */
export async function compileKernel({ isShared = false, edit } = {}) {
  const memory = isShared
    ? ['--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536']
    : ['--initialMemory', '1'];
  const binary = await compileAssembly(join(folder, 'kernel'), [...OPTIONS, ...memory], { edit });
  checkStaticData(binary, isShared);
  return binary;
}

/** The precompile's module: a memory of its own, one page. */
export function compileBlake2f() {
  return compileSmall('blake2f', 1);
}

/** The kernel's keccak-256 alone: a memory of its own that its host lets grow. */
export function compileKeccak() {
  return compileSmall('keccak', 2);
}

function compileSmall(name, pages) {
  const options = ['--memoryBase', '1024', '--enable', 'simd', '--initialMemory', String(pages)];
  return compileAssembly(join(folder, name), options);
}

/** Regions begin at STATIC_END: what the compiler placed must end before. */
function checkStaticData(binary, isShared) {
  const memory = new WebAssembly.Memory(
    isShared ? { initial: 1, maximum: 65_536, shared: true } : { initial: 1 },
  );
  const module = new WebAssembly.Module(binary);
  const host = Object.fromEntries(
    WebAssembly.Module.imports(module)
      .filter(({ module: from }) => from === 'host')
      .map(({ name }) => [name, () => 0]),
  );
  // A segment beyond one page would not fit this memory, and instantiation would throw.
  const { exports } = new WebAssembly.Instance(module, { env: { memory }, host });
  const end = exports.__heap_base?.value ?? 0;
  if (end > STATIC_END) throw new Error(`static data ends at ${end}, inside the regions`);
}
