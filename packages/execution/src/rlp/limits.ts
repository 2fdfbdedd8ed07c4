/** Lists inside lists; nothing in Ethereum's formats goes deeper than 6. */
export const RLP_DEPTH_MAX = 32;

/**
 * Items of one tree. A block of 30 million gas has fewer than 100,000; each costs about 100 bytes
 * of memory for one byte of input, so this is what keeps a small message from taking gigabytes.
 */
export const RLP_ITEMS_MAX: number = 2 ** 20;

/** Integers of Ethereum are words of 256 bits at most. */
export const RLP_INTEGER_BYTES_MAX = 32;
