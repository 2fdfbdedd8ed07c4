import { readFileSync } from 'node:fs';

let module: WebAssembly.Module | undefined;

/** The compiled scheduler, once per process. Throws where `tools/bootstrap.mjs` was not run. */
export function loadScheduler(): WebAssembly.Module {
  module ??= new WebAssembly.Module(
    readFileSync(new URL('../../build/scheduler.wasm', import.meta.url)),
  );
  return module;
}
