import { GAS_PER_BLOB as BLOB_GAS } from '@basalt/evm';

/** Bounds of what stands in blocks, each with its reason. */

/** Yellow Paper, section 4.4.4: extra data of a header; proof of work and proof of stake alike. */
export const EXTRA_DATA_BYTES_MAX = 32;

/** Yellow Paper, section 11.1: blocks that were not chosen, named by one that was. */
export const OMMERS_MAX = 2;

/** Bits of the bloom filter of logs (Yellow Paper, section 4.4.1). */
export const BLOOM_BYTES = 256;

/**
 * Addresses and topics whose bloom bits are kept, 64 bytes each: tokens and their holders come back
 * from block to block, and a lookup costs a twentieth of a hash.
 */
export const BLOOM_CACHE_ENTRIES: number = 2 ** 15;

/**
 * EIP-7934: a block with its header, 10 MiB less 2 MiB for the consensus layer around it. From
 * Osaka on a rule; before, what this implementation reads and builds at most.
 */
export const BLOCK_BYTES_MAX: number = 8 * 1024 * 1024;

/** EIP-4895: what the consensus layer gives a block at most is 16; 2^16 bounds what is read. */
export const WITHDRAWALS_MAX: number = 2 ** 16;

/** EIP-4844. */
export const GAS_PER_BLOB: bigint = BigInt(BLOB_GAS);
