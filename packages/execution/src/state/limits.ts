/**
 * Blocks behind the head that can be read, proven and undone, unless said otherwise: more than the
 * 256 that BLOCKHASH sees and than any finality gadget takes back, and some hours of a chain with
 * a block every 12 seconds (1,024 x 12 s = 3.4 h).
 */
export const WINDOW_BLOCKS_DEFAULT = 1_024;

/** Blocks whose hash a contract can ask for (Yellow Paper, 9.4.2); kept whatever the window. */
export const BLOCK_HASHES_KEPT = 256;

/** Values in memory over the engine: about a quarter of a million accounts and slots. */
export const CACHE_BYTES_DEFAULT: number = 128 * 1024 * 1024;

/** Encodings of branches in memory: those of a million accounts take some 60 MiB. */
export const TRIE_BYTES_DEFAULT: number = 128 * 1024 * 1024;

/** Rows of a block's history that one value of the engine holds: a page and a half. */
export const HISTORY_CHUNK_BYTES = 6_000;

/** History of recent blocks kept in memory, so that reading near the head asks no disk. */
export const RECENT_BYTES_MAX: number = 16 * 1024 * 1024;

/**
 * Blocks that may wait for a disk that takes no writes: further commits are refused with the
 * disk's error, because what waits lies in memory.
 */
export const WAITING_BLOCKS_MAX = 4_096;

/**
 * Blocks that wait for the engine before they are written together, so that a restart after a crash
 * replays a second or two.
 */
export const FLUSH_BLOCKS = 128;

/** Changed values that wait at most: about 100 MB with the branches above them. */
export const FLUSH_VALUES = 200_000;

/** Bytes of a chunk of a snapshot: what a peer may send, and what one commit takes. */
export const SNAPSHOT_CHUNK_BYTES_MAX: number = 1024 * 1024;

/** Leaves of a chunk, with the nodes that prove it kept out of the count: 64 of 600 bytes. */
export const SNAPSHOT_LEAF_BYTES_MAX: number = SNAPSHOT_CHUNK_BYTES_MAX - 96 * 1024;

/** Storage of an account up to this comes with the account. */
export const SNAPSHOT_INLINE_BYTES_MAX: number = 256 * 1024;
