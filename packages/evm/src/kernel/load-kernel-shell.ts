import { readFileSync } from 'node:fs';
import { EvmError } from '../errors.ts';

const modules = new Map<string, WebAssembly.Module>();

/**
 * The compiled kernel, for private or for shared memory; compiled once per process.
 *
 * @throws EvmError `kernel-missing` when the build step was not run
 */
export function loadKernel(isShared: boolean): WebAssembly.Module {
  const name = isShared ? 'kernel-shared.wasm' : 'kernel.wasm';
  const known = modules.get(name);
  if (known !== undefined) return known;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(readFileSync(new URL(`../../build/${name}`, import.meta.url)));
  } catch {
    const message = `build/${name} is not there: run "node tools/bootstrap.mjs" in the checkout`;
    throw new EvmError('kernel-missing', message);
  }
  const module = new WebAssembly.Module(bytes);
  modules.set(name, module);
  return module;
}
