/** Bounds of this package, each with its reason. */

/**
 * Imported public keys kept per algorithm. An import costs as much as a verification; 4,096
 * writers fit in about 10 MB, and a node with more falls back to importing.
 */
export const KEY_CACHE_ENTRIES_MAX = 4_096;

/**
 * Smallest group of one key that goes to the batch kernel. At 4 it costs about half of as many
 * single checks (37 us against 60 to 70 us each); at 2 and 3 it costs about the same.
 */
export const KERNEL_GROUP_MIN = 4;

/** Longer messages are hashed by node:crypto: 2.2 GB/s there, and no copy into the kernel. */
export const KERNEL_MESSAGE_BYTES_MAX: number = 16 * 1024;

/** Distinct Merkle roots remembered while one batch is checked: one a batch of 256 blocks. */
export const MERKLE_ROOTS_MAX = 4_096;

/** Blocks one worker takes at a time: the kernel gains little beyond 1,000. */
export const POOL_CHUNK_BLOCKS_MAX = 1_024;

/** Below this a chunk is not split further: handing over costs about as much as ten checks. */
export const POOL_CHUNK_BLOCKS_MIN = 64;

/** Bytes of one chunk handed to a worker; one item larger than this travels alone. */
export const POOL_CHUNK_BYTES_MAX: number = 8 * 1024 * 1024;

/** Worker threads of one pool; beyond the machine's cores they only cost memory (9 MB each). */
export const POOL_WORKERS_MAX = 64;

/** Blocks waiting or being checked in one pool, when the caller names no bound. */
export const POOL_QUEUED_BLOCKS_DEFAULT = 65_536;

/** A worker that dies this often without finishing a chunk in between is not started again. */
export const POOL_RESTARTS_MAX = 8;

/** Public keys in one BLS aggregate: a committee. 12.6 us each. */
export const BLS_KEYS_MAX = 65_536;

/** argon2id, RFC 9106 section 4, second recommended option: 64 MiB, three passes. */
export const KDF_MEMORY_KIB_DEFAULT: number = 64 * 1024;
export const KDF_PASSES_DEFAULT = 3;
export const KDF_LANES_DEFAULT = 4;

/**
 * What a key file may ask of its reader: at most 1 GiB and 16 passes (about 20 s), so that a
 * planted file cannot exhaust a machine; at least 8 MiB, so that it cannot weaken one either.
 */
export const KDF_MEMORY_KIB_MIN: number = 8 * 1024;
export const KDF_MEMORY_KIB_MAX: number = 1024 * 1024;
export const KDF_PASSES_MAX = 16;
export const KDF_LANES_MAX = 16;

/** A key file is about 5 KB with an expanded ML-DSA-65 secret; more is not a key file. */
export const KEY_FILE_BYTES_MAX: number = 64 * 1024;

/** Longer passphrases are a mistake (a file piped in), and argon2id would hash them anyway. */
export const PASSPHRASE_BYTES_MAX = 1_024;
