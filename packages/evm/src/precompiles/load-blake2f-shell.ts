import { readFileSync } from 'node:fs';
import { EvmError } from '../errors.ts';

/** assembly/blake2f/index.ts; the layout of its memory stands there. */
export interface Blake2f {
  readonly memory: Uint8Array;
  readonly compress: (rounds: number, isFinal: boolean) => void;
}

/**
 * Instantiates the compression function.
 *
 * @throws EvmError `kernel-missing` when the build step was not run
 */
export function loadBlake2f(): Blake2f {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(readFileSync(new URL('../../build/blake2f.wasm', import.meta.url)));
  } catch {
    const message = 'build/blake2f.wasm is not there: run "node tools/bootstrap.mjs"';
    throw new EvmError('kernel-missing', message);
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const { memory, compress } = exports as unknown as {
    readonly memory: WebAssembly.Memory;
    readonly compress: (rounds: number, isFinal: number) => void;
  };
  return {
    memory: new Uint8Array(memory.buffer),
    compress: (rounds, isFinal) => compress(rounds, Number(isFinal)),
  };
}
