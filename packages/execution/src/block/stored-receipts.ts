import { keccak256, type Log } from '@basalt/evm';
import { malformedRlp, RlpReader } from '../rlp/reader.ts';
import { RlpWriter } from '../rlp/writer.ts';
import type { RecoveredTransaction } from '../transaction/types.ts';
import { type BloomBuilder, logsBloom } from './bloom.ts';
import { GAS_PER_BLOB } from './limits.ts';
import { plainBytes } from './plain-bytes.ts';
import { readLogs, writeLogs } from './receipt.ts';
import type { Receipt } from './types.ts';

/**
 * Receipts of a block as they are kept: without what follows from the block and the logs. Blooms
 * alone would be more than the rest.
 */
export function encodeStoredReceipts(receipts: readonly Receipt[]): Uint8Array {
  const writer = new RlpWriter(receipts.length * 256 + 16);
  const outer = writer.openList();
  for (const receipt of receipts) {
    const list = writer.openList();
    writer.writeNumber(receipt.succeeded ? 1 : 0);
    writer.writeOptional(receipt.stateRoot);
    writer.writeInteger(receipt.gasUsed);
    writeLogs(writer, receipt.logs);
    writer.closeList(list);
  }
  writer.closeList(outer);
  return writer.toBytes();
}

/** What the block says of its receipts. */
export interface ReceiptContext {
  readonly transactions: readonly RecoveredTransaction[];
  readonly baseFee: bigint;
  readonly blobBaseFee: bigint;
  readonly blooms: BloomBuilder;
}

/**
 * Reads what {@link encodeStoredReceipts} wrote and fills in the rest.
 *
 * @throws ExecutionError `malformed-rlp`, also where it is of a block with more or fewer
 *   transactions
 */
export function decodeStoredReceipts(bytes: Uint8Array, context: ReceiptContext): Receipt[] {
  const reader = new RlpReader(plainBytes(bytes));
  const outer = reader.enterList();
  const receipts: Receipt[] = [];
  let cumulativeGasUsed = 0n;
  for (const transaction of context.transactions) {
    const list = reader.enterList();
    const succeeded = reader.readNumber() === 1;
    const stateRoot = reader.readOptional(32)?.slice();
    const gasUsed = reader.readInteger(8);
    const logs = readLogs(reader);
    reader.leaveList(list);
    cumulativeGasUsed += gasUsed;
    receipts.push({
      ...derived(transaction, succeeded, logs, context),
      succeeded,
      stateRoot,
      cumulativeGasUsed,
      gasUsed,
      logs,
    });
  }
  if (!reader.isAtEnd) throw malformedRlp(reader.position, 'receipts of another block');
  reader.leaveList(outer);
  reader.finish();
  return receipts;
}

function derived(
  { fields, sender }: RecoveredTransaction,
  succeeded: boolean,
  logs: readonly Log[],
  { baseFee, blobBaseFee, blooms }: ReceiptContext,
): Pick<
  Receipt,
  'type' | 'bloom' | 'effectiveGasPrice' | 'created' | 'blobGasUsed' | 'blobGasPrice'
> {
  const blobs = fields.type === 3 ? BigInt(fields.blobHashes.length) : 0n;
  return {
    type: fields.type,
    bloom: logsBloom(logs, blooms),
    effectiveGasPrice: gasPrice(fields, baseFee),
    created: succeeded && fields.to === undefined ? createdBy(sender, fields.nonce) : undefined,
    blobGasUsed: blobs * GAS_PER_BLOB,
    blobGasPrice: fields.type === 3 ? blobBaseFee : 0n,
  };
}

/** EIP-1559. */
function gasPrice(fields: RecoveredTransaction['fields'], baseFee: bigint): bigint {
  if (fields.type === 0 || fields.type === 1) return fields.gasPrice;
  const { maxFeePerGas, maxPriorityFeePerGas } = fields;
  const wanted = baseFee + maxPriorityFeePerGas;
  return wanted < maxFeePerGas ? wanted : maxFeePerGas;
}

/** Address of the contract that a transaction creates (Yellow Paper, eq. 88). */
function createdBy(sender: Uint8Array, nonce: bigint): Uint8Array {
  const writer = new RlpWriter(32);
  const list = writer.openList();
  writer.writeBytes(sender);
  writer.writeInteger(nonce);
  writer.closeList(list);
  return keccak256(writer.view()).subarray(12);
}
