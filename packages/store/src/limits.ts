import { TILE_WIDTH } from '@basalt/protocol';

/** Bounds of the store, each with its reason. */

/** Longest key of an engine. LMDB takes 1,978 bytes; 512 leaves room for other engines. */
export const KEY_BYTES_MAX = 512;

/** One value. The greatest that the layout writes is a payload of 16 MiB; the rest is margin. */
export const VALUE_BYTES_MAX: number = 32 * 1024 * 1024;

/** Name of a record, UTF-8: the key bound. */
export const RECORD_NAME_BYTES_MAX: number = KEY_BYTES_MAX;

/** Entries of one bundle: that of a tile, so that one row serves one tlog-tiles resource. */
export const BUNDLE_WIDTH: number = TILE_WIDTH;

/** Payloads above this stay rows of their own: unpacking 256 neighbours to read one costs more. */
export const INLINE_PAYLOAD_BYTES_MAX: number = 16 * 1024;

/**
 * Payloads of one pack before compression. 256 payloads of 1 KiB; a miss in the cache then costs
 * at most about 0.3 ms of decompression. What does not fit stays in rows of its own.
 */
export const PACK_BYTES_MAX: number = 256 * 1024;

/** Decoded bundles and packs kept in memory: about 500 bundles, 130,000 entries. */
export const CACHE_BYTES_DEFAULT: number = 32 * 1024 * 1024;

/**
 * Hashes whose place was found lately: a look-up takes about 18 us of CPU, a repeated one less than
 * 1. About 200 bytes each.
 */
export const LOCATED_MAX = 16_384;

/** Blocks that are not in a bundle yet, kept in memory for all namespaces together. */
export const TAIL_BYTES_MAX: number = 16 * 1024 * 1024;

/** Heads of namespaces kept in memory; beyond it they are read again (a few microseconds each). */
export const NAMESPACE_CACHE_MAX = 8_192;

/** Payload and entry bytes of one group: bounds the memory and the length of one transaction. */
export const GROUP_BYTES_MAX: number = 32 * 1024 * 1024;

/** Blocks of one group, for the same reason when payloads are small. */
export const GROUP_BLOCKS_MAX = 16_384;

/** Rows that a range scan fetches at once. */
export const SCAN_ROWS = 256;

/** Slices of the hash index, by first byte of the hash. */
export const INDEX_PARTITIONS = 256;

/**
 * Keys that wait in memory before slices are written: 128 per slice and 24 bytes each. More makes
 * rewriting rarer and opening slower.
 */
export const INDEX_PENDING_MAX = 32_768;

/** Slices written in one group at most, so that no single group waits long for the index. */
export const INDEX_FLUSHES_PER_GROUP_MAX = 64;

/** A young run above this, and above an eighth of the old run, is merged into the old run. */
export const INDEX_YOUNG_MAX = 4_096;

/** Bytes of one row of a run on average: the most that a look-up reads twice. */
export const INDEX_CHUNK_BYTES: number = 15 * 1024;

/** Namespaces in one store: 4 bytes in keys and in the hash index. */
export const NAMESPACES_MAX: number = 2 ** 32 - 1;

/** Blocks in one namespace: 5 bytes in the hash index. */
export const BLOCKS_MAX: number = 2 ** 40 - 1;

/** Address that a beginning names, UTF-8: the longest that browsers and proxies take as well. */
export const BEGIN_SOURCE_BYTES_MAX = 2_048;

/** -log2(0.001) / ln 2: bits per key of a Bloom filter that is wrong once in 1,000 times. */
export const FILTER_BITS_PER_KEY = 14.378;

/** log2(1,000), rounded: the number of hashes that is best for these bits. */
export const FILTER_HASHES = 10;

/** Below this a filter is not worth growing in steps: 117,786 bytes. */
export const FILTER_KEYS_MIN = 65_536;

/** Bundles of payloads that one step of pruning deletes: bounds its transaction. */
export const PRUNE_BUNDLES_PER_STEP = 64;

/** Room that a data folder leaves on its disk, so that locks, logs and people have some. */
export const DISK_RESERVE_BYTES_DEFAULT: number = 16 * 1024 * 1024;
