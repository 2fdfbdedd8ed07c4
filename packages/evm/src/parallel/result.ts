/** Results of transactions in shared memory: assembly/kernel/records.ts. */
import { copyOut, type Readable, readWord, readWordAsBytes } from '../kernel/instance.ts';
import { LOG_BYTES, LOG_DATA_LENGTH, LOG_HEAD_BYTES, LOG_TOPICS } from '../kernel/layout.ts';
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

/** The result at a record; undefined when no incarnation has ended. */
export function readResult(from: Readable, record: number): VersionedResult | undefined {
  const { view } = from;
  const u32 = (offset: number): number => view.getUint32(record + offset, true);
  const status = u32(L.RECORD_STATUS);
  if (status === L.RAN_NOT) return undefined;
  if (status === L.RAN_REFUSED) {
    const message = String.fromCharCode(
      ...copyOut(from, u32(L.RECORD_MESSAGE), u32(L.RECORD_MESSAGE_LENGTH)),
    );
    const code = ERRORS[u32(L.RECORD_ERROR)] ?? 'malformed';
    return { included: false, error: { code, message } };
  }
  const logs = u32(L.RECORD_LOGS);
  return {
    included: true,
    succeeded: status === L.RAN_WELL,
    gasUsed: view.getBigUint64(record + L.RECORD_GAS_USED, true),
    effectiveGasPrice: readWord(from, record + L.RECORD_GAS_PRICE),
    blobGasUsed: view.getBigUint64(record + L.RECORD_BLOB_GAS, true),
    created:
      u32(L.RECORD_HAS_CREATED) === 0
        ? undefined
        : readWordAsBytes(from, record + L.RECORD_CREATED, 20),
    logs: readLogs(from, logs, logs + u32(L.RECORD_LOG_BYTES)),
  };
}

function readLogs(from: Readable, start: number, end: number): Log[] {
  const { view } = from;
  const logs: Log[] = [];
  for (let at = start; at < end; at += view.getUint32(at + LOG_BYTES, true)) {
    const topicCount = view.getUint32(at + LOG_TOPICS, true);
    const dataAt = at + LOG_HEAD_BYTES + topicCount * 32;
    const topics: Uint8Array[] = [];
    for (let topic = at + LOG_HEAD_BYTES; topic < dataAt; topic += 32) {
      topics.push(copyOut(from, topic, 32));
    }
    logs.push({
      address: readLogAddress(from, at),
      topics,
      data: copyOut(from, dataAt, view.getUint32(at + LOG_DATA_LENGTH, true)),
    });
  }
  return logs;
}

/** Sixteen low bytes behind the head's figures, the four high ones at its start, least first. */
function readLogAddress({ bytes }: Readable, at: number): Uint8Array {
  const address = new Uint8Array(20);
  for (let index = 0; index < 16; index++) {
    address[19 - index] = bytes[at + L.LOG_ADDRESS_LOW + index] ?? 0;
  }
  for (let index = 0; index < 4; index++) address[3 - index] = bytes[at + index] ?? 0;
  return address;
}
