/** EIP-4844: 4096 field elements of 32 bytes. */
export const BLOB_BYTES = 131_072;
/** A compressed point of BLS12-381 in G1. */
export const KZG_BYTES = 48;
/** EIP-7594: proofs of one blob in a sidecar of version 1. */
export const CELLS_PER_BLOB = 128;

/**
 * Transactions that may wait for their signature or be in work: 20 blocks of 30 million gas, about
 * 30 MB at 1 KB each. A caller beyond that is told instead of being kept.
 */
export const RECOVERER_QUEUE_MAX = 32_768;
/** In one message to a thread: 10 ms of work, so that two threads end at about the same time. */
export const RECOVERER_CHUNK_MAX = 256;
/** One transaction of that size still travels, alone. */
export const RECOVERER_CHUNK_BYTES_MAX: number = 2 ** 20;
/** More threads than this would wait for the one that decodes. */
export const RECOVERER_THREADS_MAX = 64;
/** A thread that dies so often without finishing anything is not started again. */
export const RECOVERER_RESTARTS_MAX = 3;
/** 65,536 entries of 52 bytes are 3.4 MB and hold more than the pool and the last blocks. */
export const SENDER_CACHE_ENTRIES = 65_536;
