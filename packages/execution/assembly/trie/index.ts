// Memory of the branches of tries: their encodings lie here, so that hashing one copies nothing.
// The hash is the kernel's (packages/evm/assembly/kernel/keccak.ts). Who owns which bytes is the
// host's affair (src/trie/trie-memory.ts); below 8192 lie static data and the hash's scratch.
import { digest, setKeccakScratch } from './keccak';

const SCRATCH: usize = 4096;

export function start(): void {
  setKeccakScratch(SCRATCH);
}

/** keccak-256 of `length` bytes at `input`: 32 bytes at `output`. */
export function hash(input: usize, length: u32, output: usize): void {
  digest(input, length, output);
}

export function copy(to: usize, from: usize, length: usize): void {
  memory.copy(to, from, length);
}
