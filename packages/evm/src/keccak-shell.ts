import { readFileSync } from 'node:fs';
import { EvmError } from './errors.ts';

/** assembly/keccak/index.ts: where it reads, and where it leaves 32 bytes. */
const INPUT = 4096;
const OUTPUT_LENGTH = 32;
const PAGE_BYTES = 65_536;

interface Keccak {
  readonly memory: WebAssembly.Memory;
  readonly hash: (length: number) => void;
}

let keccak: Keccak | undefined;
let view = new Uint8Array(0);

/**
 * keccak-256 with the padding of 2011, as Ethereum uses it: 32 bytes. The kernel's own code in a
 * module of its own: ten times as fast as JavaScript for the size of a transaction.
 *
 * @throws EvmError `kernel-missing` when the build step was not run
 */
export function keccak256(bytes: Uint8Array): Uint8Array {
  const output = new Uint8Array(OUTPUT_LENGTH);
  keccak256Into(bytes, output, 0);
  return output;
}

/** The same, to 32 bytes of `output` from `offset` on. */
export function keccak256Into(bytes: Uint8Array, output: Uint8Array, offset: number): void {
  keccak ??= load();
  if (INPUT + bytes.length > view.length) grow(keccak.memory, bytes.length);
  view.set(bytes, INPUT);
  keccak.hash(bytes.length);
  // A loop is cheaper than making a view of 32 bytes.
  for (let index = 0; index < OUTPUT_LENGTH; index++) output[offset + index] = view[index] ?? 0;
}

function grow(memory: WebAssembly.Memory, length: number): void {
  const missing = INPUT + length - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  view = new Uint8Array(memory.buffer);
}

function load(): Keccak {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(readFileSync(new URL('../build/keccak.wasm', import.meta.url)));
  } catch {
    const message = 'build/keccak.wasm is not there: run "node tools/bootstrap.mjs"';
    throw new EvmError('kernel-missing', message);
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const loaded = exports as unknown as Keccak;
  grow(loaded.memory, 0);
  return loaded;
}
