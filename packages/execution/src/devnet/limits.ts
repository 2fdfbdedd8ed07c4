/** Bounds of a devnet, each with its reason. */

/** Ten is what people know from other development nodes. */
export const ACCOUNTS_DEFAULT = 10;

/** Each costs a derivation of some milliseconds at the start. */
export const ACCOUNTS_MAX = 1_000;

/** What Anvil and Hardhat give a block. */
export const GAS_LIMIT_DEFAULT = 30_000_000n;

/** Other development nodes have this number, so tools know it. */
export const CHAIN_ID_DEFAULT = 31_337n;

/**
 * The last second that a developer can move a devnet to. Headers have room for twice as many: a
 * chain whose newest block had the last of all could take no other, after a restart as before.
 */
export const BLOCK_TIME_MAX: bigint = 2n ** 63n - 1n;

/**
 * Wei that can be set by hand. The EVM adds modulo 2^256, since no sum of what there is comes near
 * (Yellow Paper, section 9.4.2): with this bound none does, however many accounts are set.
 */
export const BALANCE_SET_MAX: bigint = 2n ** 192n - 1n;

/** Snapshots held at once; each is a block number and the transactions that waited. */
export const SNAPSHOTS_MAX = 10_000;

/**
 * Blocks of one `mine` call: each is signed and synced to the log, which takes 1 to 2 ms where
 * nothing else is asked, so that these take as long as clients wait for an answer.
 */
export const MINE_BLOCKS_MAX = 10_000;

/**
 * What running the transactions of a block may take that no timer made: a third of what a client
 * waits that asked for the block.
 */
export const BLOCK_BUDGET_MS = 10_000;

/** A block is filled from candidates whose limits are this many times its gas: limits are high. */
export const OVERFILL = 4;
