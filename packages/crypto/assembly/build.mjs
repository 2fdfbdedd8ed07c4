// Compiles the Ed25519 kernel to build/ed25519-batch.wasm. Run by tools/bootstrap.mjs when a file of
// this folder changed; by hand: `node assembly/build.mjs` in packages/crypto.
//
// -O3 and no asserts: the host checks every bound before it writes (src/kernel/). Static data must
// stay below the first region of layout.ts, and the build fails where it does not.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = dirname(fileURLToPath(import.meta.url));
const packageFolder = dirname(folder);

const { error, stderr, binary } = await compile();
if (error || binary === undefined) {
  console.error(stderr.toString());
  throw error ?? new Error('the AssemblyScript compiler gave no module');
}

const module = new WebAssembly.Module(binary);
const unexpected = WebAssembly.Module.imports(module);
if (unexpected.length > 0) throw new Error('the kernel must import nothing');
const { exports } = new WebAssembly.Instance(module);
if (exports.staticEnd() > exports.regionsStart()) {
  throw new Error(`static data ends at ${exports.staticEnd()}, behind the start of the regions`);
}

mkdirSync(join(packageFolder, 'build'), { recursive: true });
writeFileSync(join(packageFolder, 'build', 'ed25519-batch.wasm'), binary);

async function compile() {
  let output;
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort='];
  const features = ['--enable', 'simd', '--enable', 'relaxed-simd'];
  const result = await asc.main(
    ['index.ts', ...options, ...features, '--outFile', 'kernel.wasm'],
    {
      readFile: (name, base) => {
        try {
          return readFileSync(join(folder, base === '.' ? '' : base, name), 'utf8');
        } catch {
          return null;
        }
      },
      writeFile: (name, contents) => {
        if (name.endsWith('.wasm')) output = contents;
      },
      listFiles: () => [],
    },
  );
  return { ...result, binary: output };
}
