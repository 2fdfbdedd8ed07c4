// Compiles the kernel to build/kernel.wasm (private memory) and build/kernel-shared.wasm, and
// blake2f and keccak to modules of their own. Run by
// tools/bootstrap.mjs when a file here changed; by hand: `node assembly/build.mjs` in packages/evm.
//
// -O3 and no asserts: the kernel checks every bound itself.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileBlake2f, compileKeccak, compileKernel } from './compile.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const output = join(dirname(folder), 'build');

mkdirSync(output, { recursive: true });
writeFileSync(join(output, 'kernel.wasm'), await compileKernel());
writeFileSync(join(output, 'kernel-shared.wasm'), await compileKernel({ isShared: true }));
writeFileSync(join(output, 'blake2f.wasm'), await compileBlake2f());
writeFileSync(join(output, 'keccak.wasm'), await compileKeccak());
