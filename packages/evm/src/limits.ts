import type { MemorySizes } from './evm.ts';
import type { VersionedMemorySizes } from './parallel/types.ts';

/**
 * Sizes of one engine's regions, 190 MB of address space; only what is used takes memory. With the
 * gas of one transaction (EIP-7825: 2^24) code alone can be too large, where a hundred frames hold
 * the longest translations there are; docs/evm-memory.md has the sums.
 */
export const DEFAULT_MEMORY: MemorySizes = {
  frameMemoryBytes: 64 * 2 ** 20,
  codeBytes: 64 * 2 ** 20,
  accounts: 2 ** 16,
  slots: 2 ** 18,
  logBytes: 8 * 2 ** 20,
  journalBytes: 32 * 2 ** 20,
};

/** Code set in one transaction, 200 gas a byte: 2^24 gas buy 84 KB. */
export const NEW_CODE_BYTES: number = 4 * 2 ** 20;
/** Longest output of one frame; 16 MB of EVM memory cost 538 million gas. */
export const RETURN_BYTES: number = 16 * 2 ** 20;
/** The kernel counts gas in signed 64 bits. */
export const GAS_LIMIT_MAX: bigint = 2n ** 63n - 1n;
/** The kernel's room for versioned hashes; a block holds 9 blobs today. */
export const BLOB_HASHES_MAX = 128;
/** Addresses cross the border of WASM as signed 32-bit numbers: regions end below 2 GB. */
export const INSTANCE_BYTES_MAX: number = 2 ** 31 - 65_536;

/**
 * Sizes of one engine among several in one memory, 160 MB each: eight of them and the versions end
 * below 2 GB. A transaction that needs more ends the block's parallel run with `memory-bound`, and
 * the block is run again one by one on an engine of full size. The gas of a transaction (2^24) buys
 * 25 MB of EVM memory; slots and accounts beyond these bounds take an attack to reach.
 */
export const PARALLEL_MEMORY: MemorySizes = {
  frameMemoryBytes: 28 * 2 ** 20,
  codeBytes: 32 * 2 ** 20,
  accounts: 2 ** 14,
  slots: 2 ** 16,
  logBytes: 4 * 2 ** 20,
  journalBytes: 16 * 2 ** 20,
};

/** Most engines in one memory. */
export const ENGINES_MAX = 16;

/**
 * What engines share. Cells: a block of 60 million gas names at most 28,000 cold accounts and
 * slots, the rest keeps values of blocks before, 42 MB. Block bytes: an ERC-20 transfer leaves
 * 0.8 KB each time it runs.
 */
export const DEFAULT_VERSIONED_MEMORY: VersionedMemorySizes = {
  cells: 2 ** 18,
  transactions: 2 ** 15,
  blockBytes: 128 * 2 ** 20,
};
