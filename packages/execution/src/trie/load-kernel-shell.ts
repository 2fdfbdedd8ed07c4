import { readFileSync } from 'node:fs';
import { assert } from '@basalt/protocol';

/** assembly/trie/index.ts. */
export interface TrieKernel {
  readonly memory: WebAssembly.Memory;
  readonly start: () => void;
  readonly hash: (input: number, length: number, output: number) => void;
  readonly copy: (to: number, from: number, length: number) => void;
}

let compiled: WebAssembly.Module | undefined;

/** An instance with a memory of its own; the build step must have run. */
export function loadTrieKernel(): TrieKernel {
  compiled ??= new WebAssembly.Module(readModule());
  const { exports } = new WebAssembly.Instance(compiled);
  const kernel = exports as unknown as TrieKernel;
  kernel.start();
  return kernel;
}

function readModule(): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  try {
    bytes = new Uint8Array(readFileSync(new URL('../../build/trie.wasm', import.meta.url)));
  } catch {
    bytes = undefined;
  }
  assert(bytes !== undefined, 'build/trie.wasm is not there: run "node tools/bootstrap.mjs"');
  return bytes;
}
