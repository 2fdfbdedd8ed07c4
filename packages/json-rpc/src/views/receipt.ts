import { keccak256, type Log } from '@basalt/evm';
import { type Block, encodeRlp, type Receipt } from '@basalt/execution';
import { toHex, toQuantity } from '../params/hex.ts';
import type { View } from './transaction.ts';

/** What a log needs of its surroundings to be shown. */
export interface LogPlace {
  readonly blockHash: Uint8Array;
  readonly blockNumber: bigint;
  readonly blockTimestamp: bigint;
  readonly transactionHash: Uint8Array;
  readonly transactionIndex: number;
  /** Within the block. */
  readonly logIndex: number;
  /** Its block counts no more. */
  readonly isRemoved?: boolean;
}

export function logView({ address, topics, data }: Log, place: LogPlace): View {
  return {
    address: toHex(address),
    topics: topics.map(toHex),
    data: toHex(data),
    blockNumber: toQuantity(place.blockNumber),
    transactionHash: toHex(place.transactionHash),
    transactionIndex: toQuantity(place.transactionIndex),
    blockHash: toHex(place.blockHash),
    blockTimestamp: toQuantity(place.blockTimestamp),
    logIndex: toQuantity(place.logIndex),
    removed: place.isRemoved ?? false,
  };
}

/** The receipts of a block as `eth_getBlockReceipts` shows them. */
export function receiptViews(block: Block, receipts: readonly Receipt[]): View[] {
  let logIndex = 0;
  return receipts.flatMap((receipt, index): View[] => {
    const view = receiptView(block, receipt, index, logIndex);
    logIndex += receipt.logs.length;
    return view === null ? [] : [view];
  });
}

/** @param firstLog index in the block of the receipt's first log */
export function receiptView(
  block: Block,
  receipt: Receipt,
  index: number,
  firstLog: number,
): View | null {
  const transaction = block.transactions[index];
  if (transaction === undefined) return null;
  const { header, hash } = block;
  const { to, nonce } = transaction.fields;
  const place = {
    blockHash: hash,
    blockNumber: header.number,
    blockTimestamp: header.timestamp,
    transactionHash: transaction.hash,
    transactionIndex: index,
  };
  return {
    blockHash: toHex(hash),
    blockNumber: toQuantity(header.number),
    contractAddress: to === undefined ? toHex(contractAddress(transaction.sender, nonce)) : null,
    cumulativeGasUsed: toQuantity(receipt.cumulativeGasUsed),
    effectiveGasPrice: toQuantity(receipt.effectiveGasPrice),
    from: toHex(transaction.sender),
    gasUsed: toQuantity(receipt.gasUsed),
    logs: receipt.logs.map((log, at) => logView(log, { ...place, logIndex: firstLog + at })),
    logsBloom: toHex(receipt.bloom),
    ...(receipt.stateRoot === undefined
      ? { status: receipt.succeeded ? '0x1' : '0x0' }
      : { root: toHex(receipt.stateRoot) }),
    to: to === undefined ? null : toHex(to),
    transactionHash: toHex(transaction.hash),
    transactionIndex: toQuantity(index),
    type: toQuantity(receipt.type),
    ...(receipt.type === 3
      ? {
          blobGasUsed: toQuantity(receipt.blobGasUsed),
          blobGasPrice: toQuantity(receipt.blobGasPrice),
        }
      : {}),
  };
}

/** Where a transaction that creates puts its contract (Yellow Paper, section 7). */
export function contractAddress(sender: Uint8Array, nonce: bigint): Uint8Array {
  return keccak256(encodeRlp([sender, nonce])).slice(12);
}
