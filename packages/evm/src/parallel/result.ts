/** Results of transactions in shared memory: assembly/kernel/records.ts. */
import { copyOut, type Readable, readWord, readWordAsBytes } from '../kernel/instance.ts';
import { LOG_BYTES, LOG_DATA_LENGTH, LOG_HEAD_BYTES, LOG_TOPICS } from '../kernel/layout.ts';
import type { RecordPool } from '../kernel/record-pool.ts';
import type { TransactionErrorCode } from '../transaction/types.ts';
import type { Log } from '../types.ts';
import * as L from './layout.ts';
import type { VersionedResult } from './types.ts';

/** Numbers of refusals: places in this list. */
const ERRORS: readonly TransactionErrorCode[] = [
  'type-not-in-fork',
  'malformed',
  'intrinsic-gas-too-low',
  'gas-limit-over-maximum',
  'gas-limit-over-block',
  'init-code-size',
  'priority-fee-over-maximum-fee',
  'maximum-fee-below-base-fee',
  'blobs-missing',
  'blob-version',
  'blob-count',
  'blob-gas-over-block',
  'blob-fee-below-base-fee',
  'blob-creates-contract',
  'authorizations-missing',
  'authorization-creates-contract',
  'nonce-too-low',
  'nonce-too-high',
  'nonce-overflow',
  'insufficient-funds',
  'sender-has-code',
];

export function errorNumber(code: TransactionErrorCode): number {
  return ERRORS.indexOf(code);
}

/**
 * The result at a record; undefined when no incarnation has ended.
 *
 * @param pool where copies of the logs go
 */
export function readResult(
  from: Readable,
  record: number,
  pool: RecordPool,
): VersionedResult | undefined {
  const { view } = from;
  const status = view.getUint32(record + L.RECORD_STATUS, true);
  if (status === L.RAN_NOT) return undefined;
  if (status === L.RAN_REFUSED) return readRefusal(from, record);
  const hasCreated = view.getUint32(record + L.RECORD_HAS_CREATED, true) !== 0;
  return {
    included: true,
    succeeded: status === L.RAN_WELL,
    gasUsed: view.getBigUint64(record + L.RECORD_GAS_USED, true),
    effectiveGasPrice: readWord(from, record + L.RECORD_GAS_PRICE),
    blobGasUsed: view.getBigUint64(record + L.RECORD_BLOB_GAS, true),
    created: hasCreated ? readWordAsBytes(from, record + L.RECORD_CREATED, 20) : undefined,
    logs: readLogs(from, record, pool),
  };
}

function readRefusal(from: Readable, record: number): VersionedResult {
  const { view } = from;
  const length = view.getUint32(record + L.RECORD_MESSAGE_LENGTH, true);
  const words = copyOut(from, view.getUint32(record + L.RECORD_MESSAGE, true), length);
  const code = ERRORS[view.getUint32(record + L.RECORD_ERROR, true)] ?? 'malformed';
  return { included: false, error: { code, message: String.fromCharCode(...words) } };
}

/**
 * All logs in one copy, of which addresses, topics and data are views: an array of its own for each
 * takes more than twice the memory.
 */
function readLogs(from: Readable, record: number, pool: RecordPool): Log[] {
  const logs: Log[] = [];
  const length = from.view.getUint32(record + L.RECORD_LOG_BYTES, true);
  if (length === 0) return logs;
  const start = from.view.getUint32(record + L.RECORD_LOGS, true);
  const { bytes, view, offset } = pool.take(length);
  bytes.set(from.bytes.subarray(start, start + length), offset);
  for (let at = offset; at < offset + length; ) {
    const end = at + view.getUint32(at + LOG_BYTES, true);
    const dataAt = at + LOG_HEAD_BYTES + view.getUint32(at + LOG_TOPICS, true) * 32;
    const dataEnd = dataAt + view.getUint32(at + LOG_DATA_LENGTH, true);
    const topics: Uint8Array[] = [];
    for (let topic = at + LOG_HEAD_BYTES; topic < dataAt; topic += 32) {
      topics.push(bytes.subarray(topic, topic + 32));
    }
    turnAddress(bytes, at);
    logs.push({
      address: bytes.subarray(at, at + 20),
      topics,
      data: bytes.subarray(dataAt, dataEnd),
    });
    at = end;
  }
  return logs;
}

/**
 * Sixteen low bytes stand behind the head's figures, the four high ones at its start, least first.
 * Afterwards all twenty stand at its start, in their order, and the figures are gone.
 */
function turnAddress(bytes: Uint8Array, log: number): void {
  const low = log + L.LOG_ADDRESS_LOW;
  turnFour(bytes, log);
  for (let index = 0; index < 12; index++) bytes[log + 4 + index] = bytes[low + 15 - index] ?? 0;
  turnFour(bytes, low);
}

function turnFour(bytes: Uint8Array, at: number): void {
  for (let index = 0; index < 2; index++) {
    const byte = bytes[at + index] ?? 0;
    bytes[at + index] = bytes[at + 3 - index] ?? 0;
    bytes[at + 3 - index] = byte;
  }
}
