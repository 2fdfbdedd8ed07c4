// Compiles the scheduler to build/scheduler.wasm. Run by tools/bootstrap.mjs when a file here
// changed; by hand: `node assembly/build.mjs` in packages/execution.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileScheduler } from './compile.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const output = join(dirname(folder), 'build');

mkdirSync(output, { recursive: true });
writeFileSync(join(output, 'scheduler.wasm'), await compileScheduler());
