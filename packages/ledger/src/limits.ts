/** Bounds of the ledger, each with its reason. */

/** Blocks waiting for validation or commit, all namespaces: 10 s of work at the ingest target. */
export const QUEUE_BLOCKS_MAX = 200_000;

/** Bytes of the same queue: what a node may hold in memory for submissions, 256 MiB. */
export const QUEUE_BYTES_MAX: number = 256 * 1024 * 1024;

/** Blocks of one namespace in one group: bounds the latency of the first one in it. */
export const GROUP_BLOCKS_MAX = 4_096;

/** Longest time between a commit and its checkpoint, milliseconds. */
export const CHECKPOINT_INTERVAL_MS = 200;

/** Super-root epoch, milliseconds: the seed's one second. */
export const SUPER_EPOCH_MS = 1_000;

/** Epochs whose super-tree is kept, so that a proof can meet a checkpoint in flight. */
export const SUPER_EPOCHS_KEPT = 16;

/** Events that wait for one subscriber before it is told that it lags. */
export const SUBSCRIBER_EVENTS_MAX = 1_024;

/** Subscribers of one ledger. */
export const SUBSCRIBERS_MAX = 10_000;

/** Namespaces whose head is kept in memory; a right edge is at most about 24 KiB. */
export const LANES_MAX = 10_000;

/** Hashes of refused blocks that are remembered, so that a repeat costs nothing. */
export const REFUSED_MAX = 65_536;

/** After a failed write, how long submissions are refused before one is tried again. */
export const READ_ONLY_RETRY_MS = 1_000;

/** Indexes in one multi-proof. */
export const MULTI_PROOF_INDEXES_MAX = 256;

/** The sum of bytes is recorded every so many blocks: a snapshot adds up at most these. */
export const SIZE_RECORD_BLOCKS = 65_536;

/** Fork proofs kept against one namespace: one is proof enough, a few more show the pattern. */
export const FORK_PROOFS_MAX = 16;

/** Pause before a checkpoint that the gate did not let out is offered again, milliseconds. */
export const GATE_RETRY_MS = 1_000;
