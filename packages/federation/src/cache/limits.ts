/** Bounds of the cache, each with its reason. */

/** Several ten thousand small answers; a node with more memory says so. */
export const MEMORY_BYTES_MAX_DEFAULT: number = 64 * 1024 * 1024;

export const DISK_BYTES_MAX_DEFAULT: number = 10 * 1024 * 1024 * 1024;

/** One answer takes an eighth of the memory at most, so that one payload does not empty it. */
export const MEMORY_SHARE_MAX: number = 1 / 8;

/** What an entry costs beside its body: fields, keys, table slots; about 1 KB measured by hand. */
export const ENTRY_OVERHEAD_BYTES = 1024;

/** Entries on disk are indexed in memory: 200,000 of them cost about 200 MB. */
export const DISK_ENTRIES_MAX = 200_000;

/** Forms of one address: media types times codings, with room. */
export const VARIANTS_MAX = 16;

/** Addresses that are counted for popularity; one is about 100 bytes. */
export const COUNTED_TARGETS_MAX = 100_000;

/** Characters of a counted address: those of the gateway with all their options are shorter. */
export const COUNTED_TARGET_CHARACTERS_MAX = 512;

/** A target longer than any of the gateway's. */
export const TARGET_CHARACTERS_MAX = 2048;

/** A payload is at most 16 MiB; lists of 1,000 blocks and batches stay below twice that. */
export const BODY_BYTES_MAX: number = 32 * 1024 * 1024;

/** A question by POST: 256 hashes in JSON are 17 KiB, and nodes take 64 KiB. */
export const QUESTION_BYTES_MAX: number = 64 * 1024;

/** Bodies of POSTs in memory at a time: four of the largest; further ones are refused with 503. */
export const POST_BYTES_HELD_MAX: number = 128 * 1024 * 1024;

/** Bodies on their way to readers: eight payloads of the largest size, however slow they are. */
export const OUTGOING_BYTES_MAX_DEFAULT: number = 128 * 1024 * 1024;

/** Below this a body lies in the buffers of its socket, and sockets are bounded in number. */
export const OUTGOING_COUNTED_BYTES_MIN: number = 64 * 1024;

/**
 * Share of these bytes, and of event streams, that the readers at one address may hold, a part of
 * one: some who read nothing must not shut out everybody. A proxy on this machine reads for all,
 * and has all of it.
 */
export const OUTGOING_ADDRESS_SHARE = 8;

/** A large body goes out in slices of this size... */
export const OUTGOING_SLICE_BYTES: number = 64 * 1024;

/** ...each of which has to be taken within this: 6.4 KB/s is slower than any modem. */
export const OUTGOING_PACE_MS = 10_000;

/** Bodies that are read from disk at a time, so that a burst of readers is bounded before it. */
export const DISK_READS_BYTES_MAX: number = 64 * 1024 * 1024;

/** A checkpoint with hundreds of cosignatures of 3.3 KB each, or a head. */
export const HEAD_BYTES_MAX: number = 1024 * 1024;

/** Different questions to upstreams at a time; more are refused with 503. */
export const FETCHES_MAX = 128;

/** From question to last byte; a slow drip ends here too. */
export const UPSTREAM_TIMEOUT_MS_DEFAULT = 10_000;

/** An upstream that failed is asked last for so long. */
export const UPSTREAM_PAUSE_MS = 5_000;

/** A question after health waits so long for upstreams: probes of containers wait 3 s. */
export const HEALTH_WAIT_MS = 1_000;

/** What a failure or a false answer counts as: three of them, and any other is taken. */
export const UPSTREAM_FAILED_SECONDS = 2;

/** At most one read of so many goes to another upstream than the best known, to learn of it. */
export const REQUESTS_PER_EXPLORATION = 16;

/** A block that is not there may be there with the next checkpoint. */
export const NOT_FOUND_SECONDS = 2;

/** What was pruned does not come back, except from another upstream. */
export const GONE_SECONDS = 60;

/** RFC 9111 section 4.2.4 lets caches answer stale when cut off; a day, as heads say themselves. */
export const STALE_IF_ERROR_SECONDS_DEFAULT = 86_400;

/**
 * A smaller log than the one held is taken for an old copy for so long after the larger came;
 * then it is believed, because the larger one could have been a lie.
 */
export const OLDER_HEAD_REFUSED_MS = 60_000;

/** What changes is written to disk at most so often for each address. */
export const MUTABLE_WRITE_INTERVAL_MS = 10_000;

/** After a failed write (disk full) nothing is written for so long. */
export const DISK_PAUSE_MS = 60_000;

/** Writes that wait for the disk; further admissions are left out, which costs a later miss. */
export const DISK_QUEUE_MAX = 64;

/** Sequential readers that are followed. */
export const STREAMS_MAX = 1024;

/** Tiles read ahead of a reader at most. */
export const PREFETCH_DEPTH_MAX = 4;

/** Event streams that are passed through at a time: each holds two sockets. */
export const PASSED_STREAMS_MAX = 256;

/** The seed's `cache_popular_threshold`: the third ask puts an answer on disk. */
export const POPULAR_THRESHOLD_DEFAULT = 3;
