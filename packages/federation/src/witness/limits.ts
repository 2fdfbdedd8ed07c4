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
