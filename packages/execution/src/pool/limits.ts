/** Bounds of one pool; what they are for stands with the defaults. */
export interface PoolLimits {
  readonly transactions: number;
  readonly bytes: number;
  readonly senderTransactions: number;
  readonly senderBytes: number;
  readonly senderQueued: number;
  readonly queuedLifetimeMs: number;
  readonly transactionBytes: number;
  readonly blobTransactionBytes: number;
  /** Least priority fee (or gas price) in wei. */
  readonly tip: bigint;
}

export const POOL_LIMITS: PoolLimits = {
  /** About 1.5 KB of objects each: 100 MB. Three seconds of work at 20,000 a second. */
  transactions: 65_536,
  /** Encodings and blobs. */
  bytes: 128 * 2 ** 20,
  /** From the account's nonce on: what lies beyond can not be reached by what the pool may hold. */
  senderTransactions: 1024,
  /** A thirty-second of the pool: so many are needed to fill it with calldata. */
  senderBytes: 4 * 2 ** 20,
  /** Behind a gap or without money: they cost their sender nothing, so few are kept. */
  senderQueued: 256,
  /** Three hours, as geth has it. */
  queuedLifetimeMs: 3 * 3600 * 1000,
  /** Geth's bound of 4 slots of 32 KB; a peer would not pass on more. */
  transactionBytes: 128 * 1024,
  /** Six blobs of 128 KB with 128 proofs of 48 bytes each, and what describes them. */
  blobTransactionBytes: 2 ** 20,
  tip: 0n,
};

/** A replacement pays so much more in both fees, in per cent (geth's rules). */
export const PRICE_BUMP_PERCENT = 10n;
/** Blobs are dear to pass on, so that they are replaced at double the fees only. */
export const BLOB_PRICE_BUMP_PERCENT = 100n;

/** Senders that lack money and are looked at after one block: 256 reads of accounts, 1 ms. */
export const POOR_LOOKED_AT = 256;

/** Full checks that may be in work at once; one more is not made and counted. */
export const FULL_CHECKS_MAX = 64;
/** One in so many transactions is checked in full: 60 us every 32 are 2 us each. */
export const FULL_CHECK_SAMPLE = 32;

/** Journal: one record more than the pool takes is damage. */
export const JOURNAL_RECORD_BYTES_MAX: number = 2 ** 21;
/** Written anew when it is twice what the pool holds, and this much. */
export const JOURNAL_SLACK_BYTES: number = 16 * 2 ** 20;
/** Transactions of a journal that are checked together. */
export const JOURNAL_BATCH = 1024;
/** Records that wait for a slow disk; more are not written down, and that is reported. */
export const JOURNAL_PENDING_BYTES_MAX: number = 64 * 2 ** 20;
/** Sidecars that wait for their proofs to be checked: some 2 s of work, and 64 MB. */
export const BLOB_CHECKS_MAX = 64;
