/** Bounds of mirroring, each with its reason. */

/** Packages in one request (c2sp.org/tlog-mirror asks for at most 32, 8,192 entries). */
export const PACKAGES_MAX = 32;

/** Bytes of one request: 8,192 entries of 2.6 KB (ML-DSA-44), with proofs and room. */
export const ADD_ENTRIES_BYTES_MAX: number = 24 * 1024 * 1024;

/** Bytes of `add-checkpoint`: a note, the old size and 63 hashes. */
export const ADD_CHECKPOINT_BYTES_MAX: number = 260 * 1024;

/** Characters of a log's origin line. */
export const ORIGIN_CHARACTERS_MAX = 1_024;

/** Bytes of a ticket that is taken; this mirror gives empty ones. */
export const TICKET_BYTES_MAX = 4_096;

/** Pending checkpoints per log that an upload may still refer to. */
export const PENDING_KEPT = 4;

/** Logs with pending checkpoints in memory; one note each. */
export const PENDING_LOGS_MAX = 10_000;

/** How far below the next entry an upload may start: one request of entries sent again. */
export const OVERLAP_MAX = 8_192;

/** Requests of one push: 2^21 entries; the next push goes on. */
export const PUSH_REQUESTS_MAX = 256;

/** Entries read in one audit, by default and at most. */
export const AUDIT_SAMPLES = 16;
export const AUDIT_SAMPLES_MAX = 4_096;

/** Cosigned notes that are kept so that one note is signed once. */
export const SIGNED_NOTES_MAX = 4_096;
