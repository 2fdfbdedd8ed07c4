/** Rules of the chain that are figures, and bounds, each with its reason. */

/** Yellow Paper, section 4.4.4: the least gas limit of a block. */
export const GAS_LIMIT_MIN = 5_000n;

/** EIP-1985: gas limits stay in 63 bits, which the engine counts in as well. */
export const GAS_LIMIT_MAX: bigint = 2n ** 63n - 1n;

/** A header has eight bytes for its timestamp. */
export const TIMESTAMP_MAX: bigint = 2n ** 64n - 1n;

/**
 * Wei of all accounts of a genesis together: the EVM adds modulo 2^256. No less, since others found
 * chains with nearly all of it: the faucet of `geth --dev` has 2^256 - 9.
 */
export const ALLOCATION_MAX: bigint = 2n ** 256n - 1n;

/** Gas limits of two blocks differ by less than a part of this size (Yellow Paper, eq. 53). */
export const GAS_LIMIT_DIVISOR = 1_024n;

/** EIP-1559: base fee of the first block, its steps, and the target as a part of the limit. */
export const BASE_FEE_FIRST = 1_000_000_000n;
export const BASE_FEE_CHANGE_DIVISOR = 8n;
export const GAS_ELASTICITY = 2n;

/** EIP-7918: execution gas that the price of a blob is held against. */
export const BLOB_BASE_COST = 8_192n;

/** BLOCKHASH reaches this many blocks back (Yellow Paper, section 9.4). */
export const BLOCK_HASHES_MAX = 256;

/** Generations between an ommer and the block that names it (Yellow Paper, section 11.1). */
export const OMMER_DEPTH_MAX = 6;

/** Gas of a system call (EIP-4788, 2935, 7002, 7251); no part of the block's gas. */
export const SYSTEM_CALL_GAS = 30_000_000n;

/** Blocks with their transactions and receipts kept in memory: what most questions are about. */
export const BLOCKS_CACHED_MAX = 64;

/**
 * Bytes of encoded blocks kept in memory together. Each costs some eight times that in objects, and
 * the collector of garbage walks them: with 16 MiB full blocks took a tenth more CPU time.
 */
export const BLOCKS_CACHED_BYTES_MAX: number = 4 * 1024 * 1024;

/** Blocks whose receipts are stored; older ones are worked out again while their state is there. */
export const RECEIPT_WINDOW_BLOCKS = 100_000;

/** Blocks of a file that are decoded, and their senders recovered, ahead of the one that runs. */
export const IMPORT_AHEAD_BLOCKS = 8;

/** Signatures given to the recoverer at once; its queue takes four times as many. */
export const RECOVER_BATCH_MAX = 8_192;

/** Accounts that interventions may change between two blocks: what a payload may hold. */
export const INTERVENTIONS_MAX = 100_000;

/** Blocks whose index rows are on their way to the disk; each is held in memory until then. */
export const INDEX_COMMITS_MAX = 16;

/**
 * Rows of small blocks that are gathered for one commit, and their blocks: a sync for each would
 * take the disk from the log, whose sync the next block waits for.
 */
export const INDEX_ROWS_GATHERED = 256;
export const INDEX_BLOCKS_GATHERED = 8;

/** Receipts of one block that are stored, well below the 32 MiB of a row; others are worked out. */
export const STORED_RECEIPTS_BYTES_MAX: number = 24 * 1024 * 1024;

/** Undone blocks that an event names: subscribers take back what they said of the newest ones. */
export const REMOVED_BLOCKS_MAX = 1_024;

/** Bytes of all interventions between two blocks: with the largest block below 16 MiB. */
export const INTERVENTIONS_BYTES_MAX: number = 4 * 1024 * 1024;
