import { encodePooledTransaction } from '../transaction/pooled.ts';
import type { BlobSidecar, SignedTransaction } from '../transaction/types.ts';

/**
 * Where a pool writes down what it took, so that a restart does not lose it. Records are appended
 * in order and become durable a while later; what a crash cuts off is lost with its sender's leave.
 */
export interface PoolJournal {
  /** Length of all records. */
  readonly bytes: number;
  /** What was written before, in order, up to the first damage. */
  records(): AsyncIterable<Uint8Array>;
  append(record: Uint8Array): void;
  /** Replaces all records, those appended meanwhile excepted. */
  rewrite(records: readonly Uint8Array[]): Promise<void>;
  close(): Promise<void>;
}

/** First byte of a record: what follows is a transaction as pools send it, or a hash. */
const TRANSACTION = 0;
const REMOVED = 1;

export type JournalRecord =
  | { readonly kind: 'transaction'; readonly raw: Uint8Array }
  | { readonly kind: 'removed'; readonly hash: Uint8Array };

export function transactionRecord(
  signed: SignedTransaction,
  sidecar: BlobSidecar | undefined,
): Uint8Array {
  return withKind(TRANSACTION, encodePooledTransaction(signed, sidecar));
}

export function removedRecord(hash: Uint8Array): Uint8Array {
  return withKind(REMOVED, hash);
}

/** undefined: nothing that a pool writes. */
export function readRecord(record: Uint8Array): JournalRecord | undefined {
  const rest = record.subarray(1);
  if (record[0] === TRANSACTION) return { kind: 'transaction', raw: rest };
  if (record[0] === REMOVED && rest.length === 32) return { kind: 'removed', hash: rest };
  return undefined;
}

function withKind(kind: number, bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(1 + bytes.length);
  record[0] = kind;
  record.set(bytes, 1);
  return record;
}
