// Compiles the kernels of this folder to build/<name>.wasm. Run by tools/bootstrap.mjs when a file
// here changed; by hand: `node assembly/build.mjs` in packages/crypto.
//
// -O3 and no asserts: the host checks every bound before it writes (src/kernel/).

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAssembly } from '../../../tools/assembly/compile.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const output = join(dirname(folder), 'build');

mkdirSync(output, { recursive: true });
await build('ed25519-batch', 'ed25519', ['simd', 'relaxed-simd']);
await build('blake3', 'blake3', ['simd']);

async function build(name, source, features) {
  const enabled = features.flatMap((feature) => ['--enable', feature]);
  const binary = await compileAssembly(join(folder, source), ['--use', 'abort=', ...enabled]);
  const module = new WebAssembly.Module(binary);
  const needsImports = WebAssembly.Module.imports(module).length > 0;
  if (needsImports) throw new Error(`${name}: a kernel must import nothing`);
  const { exports } = new WebAssembly.Instance(module);
  // Kernels with a memory map of their own say where static data must end.
  if (exports.staticEnd !== undefined && exports.staticEnd() > exports.regionsStart()) {
    throw new Error(`${name}: static data ends at ${exports.staticEnd()}, inside the regions`);
  }
  writeFileSync(join(output, `${name}.wasm`), binary);
}
