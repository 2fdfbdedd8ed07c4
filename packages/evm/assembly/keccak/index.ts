// The kernel's keccak-256 as a module of its own, for hashes outside of the EVM.
import { digest, setKeccakScratch } from '../kernel/keccak';

/** Below 1 KB of memory nothing lies; static data of the compiler follows from there. */
const OUTPUT: usize = 0;
const SCRATCH: usize = 64;
const INPUT: usize = 4096;

/** Hashes `length` bytes at 4096 to 32 bytes at 0. */
export function hash(length: u32): void {
  setKeccakScratch(SCRATCH);
  digest(INPUT, length, OUTPUT);
}
