/**
 * The kernel's memory map. One instance holds one batch by one key; nothing is allocated while
 * it runs. Static data (constants below) sits under REGIONS; the host writes keys, signatures,
 * messages and coefficients into its regions and reads the status bytes back.
 */

/**
 * Signatures a call. Beyond about 2,000 the per-signature cost no longer falls measurably while
 * the point table leaves the second-level cache.
 */
export const BATCH_MAX: i32 = 2048;
/** Message bytes a call: 2,048 tagged block headers of 160 bytes, with room for longer ones. */
export const MESSAGE_BYTES_MAX: i32 = 524288;

/** First address after static data; the build fails if static data ever reaches it. */
const REGIONS: usize = 0x10000;
const BATCH: usize = <usize>BATCH_MAX;

/** 32-byte public key. */
export const KEY: usize = REGIONS;
/** 64 bytes a signature: R, s. */
export const SIGNATURES: usize = KEY + 64;
/** u32 message offsets, BATCH_MAX + 1 of them. */
export const OFFSETS: usize = SIGNATURES + 64 * BATCH;
/** 16 random bytes a signature, little-endian two's complement. */
export const COEFFICIENTS: usize = OFFSETS + 4 * BATCH + 16;
/** One byte a signature: 1 valid, 0 not. */
export const STATUS: usize = COEFFICIENTS + 16 * BATCH;
/** 64 bytes a signature: SHA-512(R || A || M). */
export const HASHES: usize = STATUS + BATCH;
/** Index (u32) of each signature that is well formed. */
export const CANDIDATES: usize = HASHES + 64 * BATCH;
/** 240 bytes a signature: (y-x | y+x), (y+x | y-x), (2 | 2dxy). */
export const NIELS: usize = CANDIDATES + 4 * BATCH;
export const NIELS_SIZE: usize = 240;
/** Signed digits (i16), window-major: at most 32 windows of four bits. */
export const DIGITS: usize = NIELS + NIELS_SIZE * BATCH;
/** 160 bytes a bucket; windows have at most ten bits, digits are signed, so 512 buckets. */
export const BUCKETS: usize = DIGITS + 2 * 33 * BATCH;
/** Scratch for fields and points; see the owners. */
export const SCRATCH: usize = BUCKETS + 160 * 512;
/** Points kept by the bisection, two a level. */
export const STACK: usize = SCRATCH + 16384;
/** Message bytes. */
export const MESSAGES: usize = STACK + 16 * 2 * 160;
/** First byte not used. */
export const END: usize = MESSAGES + <usize>MESSAGE_BYTES_MAX + 16;
