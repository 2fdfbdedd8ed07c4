import { costMaxOf, FORK_RULES, feesOf } from '@basalt/evm';
import type { BlobSidecar, RecoveredTransaction } from '../transaction/types.ts';
import type { PooledTransaction } from './types.ts';

/** A transaction in the pool; its sender's queue keeps the lower half right. */
export interface Entry extends PooledTransaction {
  readonly key: string;
  readonly transaction: RecoveredTransaction;
  readonly sidecar: BlobSidecar | undefined;
  readonly receivedMs: number;
  readonly nonce: bigint;
  readonly sizeBytes: number;
  /** What the sender has to own for it alone. */
  readonly cost: bigint;
  readonly feeCap: bigint;
  readonly tipCap: bigint;
  /** Order of arrival. */
  readonly sequence: number;

  isExecutable: boolean;
  /** With everything before it in the queue. */
  costSum: bigint;
  /** Least of both caps here and before: what a block gets that wants to get as far as this. */
  feeCapLeast: bigint;
  tipCapLeast: bigint;
}

export function createEntry(
  transaction: RecoveredTransaction,
  sidecar: BlobSidecar | undefined,
  key: string,
  receivedMs: number,
  sequence: number,
): Entry {
  const { fields, raw } = transaction;
  const isPriced = fields.type === 0 || fields.type === 1;
  const feeCap = isPriced ? fields.gasPrice : fields.maxFeePerGas;
  const tipCap = isPriced ? fields.gasPrice : fields.maxPriorityFeePerGas;
  return {
    key,
    transaction,
    sidecar,
    receivedMs,
    nonce: fields.nonce,
    sizeBytes: raw.length + sidecarBytes(sidecar),
    cost: costOf(transaction),
    feeCap,
    tipCap,
    sequence,
    isExecutable: false,
    costSum: 0n,
    feeCapLeast: 0n,
    tipCapLeast: 0n,
  };
}

/** What the sender has to own at most; no fork and no base fee changes it. */
function costOf({ transaction }: RecoveredTransaction): bigint {
  return costMaxOf(transaction, feesOf(FORK_RULES.osaka, transaction, { baseFee: 0n }));
}

/** What a unit of gas gives the block's proposer (EIP-1559). */
export function tipAt(feeCap: bigint, tipCap: bigint, baseFee: bigint): bigint {
  const left = feeCap - baseFee;
  return left < tipCap ? left : tipCap;
}

function sidecarBytes(sidecar: BlobSidecar | undefined): number {
  if (sidecar === undefined) return 0;
  const { blobs, commitments, proofs } = sidecar;
  let bytes = 0;
  for (const items of [blobs, commitments, proofs]) for (const each of items) bytes += each.length;
  return bytes;
}
