/** More threads than any machine here has cores; the engine's plans end at 16. */
export const WORKERS_MAX = 8;
/**
 * Looks at the scheduler before an idle worker sleeps: about 10 us, what a wake-up costs. On a
 * loaded machine spinning longer takes the core from the worker that is waited for.
 */
export const IDLE_SPINS = 2_000;
/** An idle worker looks again after this time even if nobody woke it; nanoseconds. */
export const IDLE_SLEEP_NS = 5_000_000n;
/** Looks at its mailbox before a worker that asked sleeps: some 2 us. */
export const ANSWER_SPINS = 300;
/** Longest time that the calling thread sleeps before it looks at the mailboxes again. */
export const COORDINATOR_SLEEP_MS = 5;
/** Longest time that the calling thread's event loop waits for a block that runs. */
export const COORDINATOR_TURN_MS = 15;
/**
 * After a block was given up, how long the other workers may take to notice. One that spins on a
 * lock of a dead thread never does; it is ended then.
 */
export const CANCEL_WAIT_MS = 500;
/** Bytes of one answer; longer code comes in parts. */
export const ANSWER_BYTES = 32_768;
/** Transactions of one parallel block; larger ones run one after another. */
export const PARALLEL_TRANSACTIONS_MAX = 32_768;
/** Bytes of encoded transactions that are kept for the next block. */
export const TRANSACTION_BUFFER_BYTES: number = 256 * 1024;
