/** Bounds of time stamps, each with its reason. */

/** A reply with three RSA certificates has about 6 KB; the payload of a checkpoint holds 64 KiB. */
export const TOKEN_BYTES_MAX: number = 64 * 1024;

/** Certificates in one token: signer, intermediates and what an authority adds. */
export const CERTIFICATES_MAX = 16;

/** How far the time of a fresh token may lie from this clock, milliseconds. */
export const TIMESTAMP_SKEW_MS = 300_000;

/** Random bytes of a nonce. */
export const TIMESTAMP_NONCE_BYTES = 8;
