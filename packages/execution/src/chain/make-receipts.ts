import type { BlockEnvironment } from '@basalt/evm';
import { BloomBuilder } from '../block/bloom.ts';
import { BLOOM_BYTES } from '../block/limits.ts';
import { writeReceipt } from '../block/receipt.ts';
import type { Receipt } from '../block/types.ts';
import { RlpWriter } from '../rlp/writer.ts';
import type { RecoveredTransaction } from '../transaction/types.ts';
import type { TransactionRun } from './process-block.ts';

/** What making receipts keeps from block to block: bloom bits and a buffer. */
export interface ReceiptMaker {
  readonly blooms: BloomBuilder;
  readonly writer: RlpWriter;
}

export function createReceiptMaker(): ReceiptMaker {
  return { blooms: new BloomBuilder(), writer: new RlpWriter(4_096) };
}

/** Receipts of the included transactions with their encodings and the bloom over all. */
export function makeReceipts(
  { blooms, writer }: ReceiptMaker,
  included: readonly RecoveredTransaction[],
  run: TransactionRun,
  environment: BlockEnvironment,
): {
  readonly receipts: Receipt[];
  readonly encodedReceipts: Uint8Array[];
  readonly logsBloom: Uint8Array;
} {
  const receipts: Receipt[] = [];
  const ends: number[] = [];
  const logsBloom = new Uint8Array(BLOOM_BYTES);
  // One buffer for all blooms and one for all encodings: thousands of small ones are what a
  // collector of garbage takes longest over.
  const allBlooms = new Uint8Array(included.length * BLOOM_BYTES);
  writer.reset();
  let cumulativeGasUsed = 0n;
  for (const result of run.results) {
    if (!result.included) continue;
    const type = included[receipts.length]?.fields.type ?? 0;
    const { succeeded, gasUsed, effectiveGasPrice, blobGasUsed, created, logs } = result;
    cumulativeGasUsed += gasUsed;
    const bloomAt = receipts.length * BLOOM_BYTES;
    const bloom = allBlooms.subarray(bloomAt, bloomAt + BLOOM_BYTES);
    for (const log of logs) blooms.add(log, bloom, logsBloom);
    const receipt: Receipt = {
      type,
      succeeded,
      stateRoot: run.roots?.[receipts.length],
      cumulativeGasUsed,
      gasUsed,
      bloom,
      logs,
      effectiveGasPrice,
      created,
      blobGasUsed,
      blobGasPrice: type === 3 ? environment.blobBaseFee : 0n,
    };
    receipts.push(receipt);
    writeReceipt(writer, receipt);
    ends.push(writer.length);
  }
  const encoded = writer.toBytes();
  const encodedReceipts = ends.map((end, at) => encoded.subarray(ends[at - 1] ?? 0, end));
  return { receipts, encodedReceipts, logsBloom };
}
