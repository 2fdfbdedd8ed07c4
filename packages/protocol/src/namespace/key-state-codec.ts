import type { BlockHash } from '../brands.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { KEY_PERIODS_MAX, RECOVERY_KEYS_MAX } from '../limits.ts';
import { readOptionalHash, writeOptionalHash } from './genesis.ts';
import { NAMESPACE_BYTES, namespaceBytes, namespaceId } from './id.ts';
import { decodeClose, encodeClose } from './key-payloads.ts';
import {
  type ClosedAt,
  type KeyPeriod,
  type KeyState,
  type PendingRecovery,
  type WriterKey,
  writerKey,
} from './key-state.ts';
import { readPublicKey, writePublicKey } from './public-key.ts';

const FORMAT = 1;

/** Format 1 and, behind it, where the namespace was closed. */
const FORMAT_CLOSED = 2;

/**
 * u8 format 1, namespace (16), u64 last key block, next key hash (32), u64 recovery delay, u8 count
 * and recovery keys, u32 count and periods (u64 index, u8 flag and i64 timestamp if set, key), u8
 * flag and the pending recovery (u64 index, i64 effective time, key, next key hash, branch). A
 * closed namespace has format 2, and at the end u64 index of the close block and its payload.
 */
export function encodeKeyState(state: KeyState): Uint8Array {
  const writer = new ByteWriter().u8(state.closed === undefined ? FORMAT : FORMAT_CLOSED);
  writer.bytes(namespaceBytes(state.namespace));
  writer.u64(state.keyBlockIndex);
  writeOptionalHash(writer, state.nextKeyHash);
  writer.u64(state.recoveryDelayMs).u8(state.recoveryKeys.length);
  for (const key of state.recoveryKeys) writePublicKey(writer, key);
  writer.u32(state.periods.length);
  for (const period of state.periods) {
    writer.u64(period.fromIndex).u8(period.fromTimestampMs === undefined ? 0 : 1);
    if (period.fromTimestampMs !== undefined) writer.i64(period.fromTimestampMs);
    writePublicKey(writer, period);
  }
  const { pending } = state;
  writer.u8(pending === undefined ? 0 : 1);
  if (pending !== undefined) {
    writer.u64(pending.index).i64(pending.effectiveMs);
    writePublicKey(writer, pending.newKey);
    writeOptionalHash(writer, pending.nextKeyHash);
    writeOptionalHash(writer, pending.branch);
  }
  if (state.closed !== undefined) {
    writer.u64(state.closed.index).bytes(encodeClose(state.closed));
  }
  return writer.done();
}

/** Exactly one encoded state, copied out of `bytes`. @throws ProtocolError `malformed` */
export function decodeKeyState(bytes: Uint8Array): KeyState {
  const reader = new ByteReader(bytes.slice(), 'a key state');
  const format = reader.u8();
  if (format !== FORMAT && format !== FORMAT_CLOSED) {
    throw malformed('expected key state format 1 or 2');
  }
  const namespace = namespaceId(reader.bytes(NAMESPACE_BYTES));
  const keyBlockIndex = reader.u64();
  const nextKeyHash = readOptionalHash(reader);
  const recoveryDelayMs = reader.u64();
  const recoveryCount = reader.u8();
  if (recoveryCount > RECOVERY_KEYS_MAX) throw malformed('expected at most 8 recovery keys');
  const recoveryKeys: WriterKey[] = [];
  for (let i = 0; i < recoveryCount; i++) recoveryKeys.push(writerKey(readPublicKey(reader)));
  const periods = readPeriods(reader);
  const pending = readFlag(reader) ? readPending(reader) : undefined;
  const closed = format === FORMAT_CLOSED ? readClosed(reader) : undefined;
  reader.end();
  return {
    namespace,
    periods,
    nextKeyHash,
    recoveryKeys,
    recoveryDelayMs,
    pending,
    closed,
    keyBlockIndex,
  };
}

function readPeriods(reader: ByteReader): KeyPeriod[] {
  const count = reader.u32();
  if (count === 0 || count > KEY_PERIODS_MAX) throw malformed('expected a list of key periods');
  const periods: KeyPeriod[] = [];
  let lastIndex = 0;
  for (let i = 0; i < count; i++) {
    const fromIndex = reader.u64();
    if (fromIndex < lastIndex) throw malformed('expected periods by rising index');
    lastIndex = fromIndex;
    const fromTimestampMs = readFlag(reader) ? reader.i64() : undefined;
    periods.push({ ...writerKey(readPublicKey(reader)), fromIndex, fromTimestampMs });
  }
  return periods;
}

function readPending(reader: ByteReader): PendingRecovery {
  const index = reader.u64();
  const effectiveMs = reader.i64();
  const newKey = writerKey(readPublicKey(reader));
  const nextKeyHash = readOptionalHash(reader);
  const branch: BlockHash | undefined = readOptionalHash(reader);
  return { index, effectiveMs, newKey, nextKeyHash, branch };
}

function readClosed(reader: ByteReader): ClosedAt {
  const index = reader.u64();
  return { index, ...decodeClose(reader.bytes(1 + NAMESPACE_BYTES)) };
}

function readFlag(reader: ByteReader): boolean {
  const flag = reader.u8();
  if (flag > 1) throw malformed('expected a flag of 0 or 1');
  return flag === 1;
}

function malformed(message: string): ProtocolError {
  return new ProtocolError('malformed', message);
}
