/** Bounds of witnesses and their clients, each with its reason. */

/** Body of add-checkpoint: 64 proof lines and a note with 64 cosignatures of ML-DSA-44 (3.3 KB). */
export const REQUEST_BYTES_MAX: number = 256 * 1024;

/** Logs that one witness follows: the largest public list profile has 40,000. */
export const LOGS_MAX = 100_000;

/** Bytes of a log list: 100,000 logs at 400 bytes. */
export const LOG_LIST_BYTES_MAX: number = 40 * 1024 * 1024;

/** A clock that goes back by less is slewing; the cosignature then repeats the newest time. */
export const CLOCK_SLEW_SECONDS = 300;

/** A log may spend the budget of an hour at once: after a restart many checkpoints wait. */
export const BURSTS_PER_DAY = 24;

/** Requests that wait for one log's state; a log asks one at a time. */
export const WAITING_PER_LOG_MAX = 32;

/** One request to a witness, from connection to last byte, milliseconds. */
export const WITNESS_TIMEOUT_MS = 5_000;

/** Once the quorum is there, others have this long to add their lines, milliseconds. */
export const WITNESS_GRACE_MS = 250;

/** Requests to one witness for one checkpoint: its size can be news once or twice. */
export const WITNESS_ATTEMPTS_MAX = 3;

/** Answer of a witness: 64 lines at 3.4 KB in base64. */
export const ANSWER_BYTES_MAX: number = 256 * 1024;

/** How far the time in a cosignature may lie from this clock, seconds; more is a wrong clock. */
export const COSIGNATURE_SKEW_SECONDS = 300;

/** First pause after a failure of a witness, doubled up to the longest, milliseconds. */
export const WITNESS_BACKOFF_FIRST_MS = 1_000;
export const WITNESS_BACKOFF_LONGEST_MS = 300_000;

/** Blocks that are read back at the start to find the last checkpoint in a chain. */
export const LOOK_BACK_BLOCKS = 1_024;

/** Half of so many tries in a row may ask for a time stamp; then the checkpoint goes without. */
export const CHAIN_ATTEMPTS_MAX = 8;

/** Members of a BLS committee: the largest that any design here speaks of. */
export const BLS_COMMITTEE_MAX = 4_096;

/** 96 bytes in base64 and a newline, with room for a proxy's decoration. */
export const BLS_SHARE_BYTES_MAX = 256;
