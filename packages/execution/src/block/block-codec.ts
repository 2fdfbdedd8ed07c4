import { keccak256 } from '@basalt/evm';
import { malformedRlp, RlpReader } from '../rlp/reader.ts';
import { RlpWriter } from '../rlp/writer.ts';
import { readHeader, writeHeader } from './header.ts';
import { BLOCK_BYTES_MAX, OMMERS_MAX } from './limits.ts';
import { plainBytes } from './plain-bytes.ts';
import type { Block, BlockHeader, Withdrawal } from './types.ts';
import { readWithdrawals, writeWithdrawal } from './withdrawal.ts';

/** A block as it was read; its transactions are not decoded yet. */
export interface RawBlock {
  /** keccak-256 of the encoded header. */
  readonly hash: Uint8Array;
  readonly header: BlockHeader;
  /** EIP-2718 encodings, views of what was read. */
  readonly transactions: readonly Uint8Array[];
  readonly ommers: readonly BlockHeader[];
  readonly withdrawals: readonly Withdrawal[] | undefined;
  readonly sizeBytes: number;
}

export type BlockBody = Pick<Block, 'header' | 'ommers' | 'withdrawals'> & {
  readonly transactions: readonly { readonly raw: Uint8Array }[];
};

const LIST_FIRST = 0xc0;

/** RLP of a block: header, transactions, ommers and, from Shanghai on, withdrawals. */
export function encodeBlock(block: BlockBody): Uint8Array {
  let bytes = 1_024;
  for (const { raw } of block.transactions) bytes += raw.length + 8;
  const writer = new RlpWriter(bytes);
  const list = writer.openList();
  writeHeader(writer, block.header);
  const transactions = writer.openList();
  for (const { raw } of block.transactions) {
    // A legacy transaction is a list in the list; a typed one is a byte string (EIP-2718).
    if ((raw[0] ?? 0) >= LIST_FIRST) writer.writeRaw(raw);
    else writer.writeBytes(raw);
  }
  writer.closeList(transactions);
  const ommers = writer.openList();
  for (const ommer of block.ommers) writeHeader(writer, ommer);
  writer.closeList(ommers);
  if (block.withdrawals !== undefined) {
    const withdrawals = writer.openList();
    for (const withdrawal of block.withdrawals) writeWithdrawal(writer, withdrawal);
    writer.closeList(withdrawals);
  }
  writer.closeList(list);
  return writer.toBytes();
}

/**
 * Reads the next block; the reader may hold more behind it.
 *
 * @throws ExecutionError `malformed-rlp`
 */
export function readBlock(reader: RlpReader): RawBlock {
  const start = reader.position;
  const outer = reader.enterList();
  const headerStart = reader.position;
  const header = readHeader(reader);
  const hash = keccak256(reader.bytes.subarray(headerStart, reader.position));
  const transactions = readTransactions(reader);
  const ommers = readOmmers(reader);
  const withdrawals = reader.isAtEnd ? undefined : readWithdrawals(reader);
  reader.leaveList(outer);
  const sizeBytes = reader.position - start;
  if (sizeBytes > BLOCK_BYTES_MAX) {
    throw malformedRlp(start, `block of ${sizeBytes} bytes, at most ${BLOCK_BYTES_MAX}`);
  }
  return { hash, header, transactions, ommers, withdrawals, sizeBytes };
}

/**
 * The block in these bytes, which must hold nothing else.
 *
 * @throws ExecutionError `malformed-rlp`
 */
export function decodeBlock(bytes: Uint8Array): RawBlock {
  const reader = new RlpReader(plainBytes(bytes));
  const block = readBlock(reader);
  reader.finish();
  return block;
}

function readTransactions(reader: RlpReader): Uint8Array[] {
  const outer = reader.enterList();
  const transactions: Uint8Array[] = [];
  while (!reader.isAtEnd) {
    const item = reader.isList ? reader.readRaw() : reader.readBytes();
    transactions.push(item);
  }
  reader.leaveList(outer);
  return transactions;
}

function readOmmers(reader: RlpReader): BlockHeader[] {
  const outer = reader.enterList();
  const ommers: BlockHeader[] = [];
  while (!reader.isAtEnd) {
    if (ommers.length === OMMERS_MAX) {
      throw malformedRlp(reader.position, `more than ${OMMERS_MAX} ommers`);
    }
    ommers.push(readHeader(reader));
  }
  reader.leaveList(outer);
  return ommers;
}
