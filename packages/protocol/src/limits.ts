/** Bounds of the protocol, each with its reason. Encoders and decoders refuse what exceeds them. */

/** 16 MiB: the payload limit of block version 1, kept so that old blocks stay valid. */
export const PAYLOAD_BYTES_MAX: number = 16 * 1024 * 1024;

/** Fixed header of block version 2. */
export const HEADER_BYTES = 144;

/** The longest signature is a composite Merkle-signed one: 64 + 2,420 + path; 8 KiB leaves room. */
export const SIGNATURE_BYTES_MAX: number = 8 * 1024;

/** A tlog-tiles entry has a u16 length; ours is header, u16 and signature, far below it. */
export const ENTRY_BYTES_MAX: number = HEADER_BYTES + 2 + SIGNATURE_BYTES_MAX;

/** Whole block on the wire. */
export const BLOCK_BYTES_MAX: number = ENTRY_BYTES_MAX + PAYLOAD_BYTES_MAX;

/** Live ingest accepts clocks that run ahead by this much. */
export const FUTURE_MS_MAX = 300_000;

/** Blocks under one Merkle-signed root: a path of eight hashes. */
export const SIGNED_BATCH_BLOCKS_MAX = 256;

/** Payload chunks of hash kind 1. */
export const CHUNK_BYTES: number = 16 * 1024;

/** Width of a tile, tlog-tiles: 256 hashes. */
export const TILE_WIDTH = 256;

/** 2^53 - 1: indexes and sizes are u64 on the wire and numbers in memory. */
export const INDEX_MAX: number = Number.MAX_SAFE_INTEGER;

/** A checkpoint is one note with a few cosignatures; ML-DSA-44 lines are 3.3 KB each. */
export const NOTE_BYTES_MAX: number = 256 * 1024;

/** Signature lines on one note; tlog-cosignature expects verifiers to bound them. */
export const NOTE_SIGNATURES_MAX = 64;

/** RFC 9162 proofs for a tree of 2^63 leaves have at most 63 hashes. */
export const PROOF_HASHES_MAX = 63;

/** Text fields of a genesis payload: region, topic, name. */
export const LABEL_BYTES_MAX = 255;

/** Recovery keys of one namespace. */
export const RECOVERY_KEYS_MAX = 8;

/** A public key: ML-DSA-65 is 1,952 bytes, the composite 1,344. */
export const PUBLIC_KEY_BYTES_MAX: number = 4 * 1024;

/**
 * Keys that one namespace may have had: one a week for almost 20 years. Every reader needs them all
 * and a node writes them beside each head, so this bounds what one namespace costs everybody else.
 */
export const KEY_PERIODS_MAX = 1_024;

/** Items of one list in a handshake: a node offers a dozen media types; room for later ones. */
export const PREFERENCE_ITEMS_MAX = 32;

/** A session token cannot be guessed; it authorises nothing, so no more is asked of it. */
export const SESSION_TOKEN_BYTES = 32;

/** A day: what a node can do changes with its configuration, so no result is kept for longer. */
export const SESSION_MS_MAX: number = 24 * 60 * 60 * 1_000;

/** A whole offer or answer: five full lists of names are 41 KB, real ones are below 1 KB. */
export const HANDSHAKE_BYTES_MAX: number = 64 * 1024;
