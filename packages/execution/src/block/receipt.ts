import type { Log } from '@basalt/evm';
import { ExecutionError } from '../errors.ts';
import { RlpReader } from '../rlp/reader.ts';
import { RlpWriter } from '../rlp/writer.ts';
import { BLOOM_BYTES } from './limits.ts';
import { plainBytes } from './plain-bytes.ts';
import type { Receipt } from './types.ts';

const TRANSACTION_TYPE_MAX = 4;
const LIST_FIRST = 0xc0;

/** The fields of a receipt that consensus knows. */
export type ConsensusReceipt = Pick<
  Receipt,
  'type' | 'succeeded' | 'stateRoot' | 'cumulativeGasUsed' | 'bloom' | 'logs'
>;

/**
 * Consensus encoding of a receipt (Yellow Paper, section 4.4.1; EIP-658, EIP-2718): what the
 * receipts trie holds.
 */
export function encodeReceipt(receipt: ConsensusReceipt): Uint8Array {
  const writer = new RlpWriter();
  writeReceipt(writer, receipt);
  return writer.toBytes();
}

/** Adds the encoding of a receipt, its type byte first, to what was written. */
export function writeReceipt(writer: RlpWriter, receipt: ConsensusReceipt): void {
  // A number below 128 is its own encoding.
  if (receipt.type > 0) writer.writeNumber(receipt.type);
  const list = writer.openList();
  if (receipt.stateRoot === undefined) writer.writeNumber(receipt.succeeded ? 1 : 0);
  else writer.writeBytes(receipt.stateRoot);
  writer.writeInteger(receipt.cumulativeGasUsed);
  writer.writeBytes(receipt.bloom);
  writeLogs(writer, receipt.logs);
  writer.closeList(list);
}

export function writeLogs(writer: RlpWriter, logs: readonly Log[]): void {
  const outer = writer.openList();
  for (const { address, topics, data } of logs) {
    const log = writer.openList();
    writer.writeBytes(address);
    const list = writer.openList();
    for (const topic of topics) writer.writeBytes(topic);
    writer.closeList(list);
    writer.writeBytes(data);
    writer.closeList(log);
  }
  writer.closeList(outer);
}

/**
 * Reads a receipt in consensus encoding. Before Byzantium the state root stands where the status is
 * later; success is not known then and given as true.
 *
 * @throws ExecutionError `malformed-rlp`
 */
export function decodeReceipt(bytes: Uint8Array): ConsensusReceipt {
  const first = bytes[0] ?? 0;
  const type = first < LIST_FIRST ? first : 0;
  if (first < LIST_FIRST && (type === 0 || type > TRANSACTION_TYPE_MAX)) {
    throw new ExecutionError('malformed-rlp', `receipt of the unknown type ${type}`, { type });
  }
  const reader = new RlpReader(plainBytes(bytes), type === 0 ? 0 : 1);
  const outer = reader.enterList();
  const status = readStatus(reader);
  const receipt: ConsensusReceipt = {
    type,
    ...status,
    cumulativeGasUsed: reader.readInteger(8),
    bloom: reader.readFixed(BLOOM_BYTES).slice(),
    logs: readLogs(reader),
  };
  reader.leaveList(outer);
  reader.finish();
  return receipt;
}

/** 32 bytes: a state root; else 0 or 1. */
export function readStatus(reader: RlpReader): Pick<Receipt, 'succeeded' | 'stateRoot'> {
  const { position } = reader;
  const bytes = reader.readBytes();
  if (bytes.length === 32) return { succeeded: true, stateRoot: bytes.slice() };
  if (bytes.length === 0) return { succeeded: false, stateRoot: undefined };
  if (bytes.length === 1 && bytes[0] === 1) return { succeeded: true, stateRoot: undefined };
  throw new ExecutionError('malformed-rlp', `RLP at byte ${position}: expected a status`, {
    offset: position,
  });
}

export function readLogs(reader: RlpReader): Log[] {
  const outer = reader.enterList();
  const logs: Log[] = [];
  while (!reader.isAtEnd) {
    const log = reader.enterList();
    const address = reader.readFixed(20).slice();
    const list = reader.enterList();
    const topics: Uint8Array[] = [];
    while (!reader.isAtEnd) topics.push(reader.readFixed(32).slice());
    reader.leaveList(list);
    logs.push({ address, topics, data: reader.readBytes().slice() });
    reader.leaveList(log);
  }
  reader.leaveList(outer);
  return logs;
}
