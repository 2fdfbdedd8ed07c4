import type { BlockHash, Hash32, NamespaceId } from '../brands.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { readOptionalHash, writeOptionalHash } from './genesis.ts';
import { NAMESPACE_BYTES, namespaceBytes, namespaceId } from './id.ts';
import { type PublicKey, readPublicKey, writePublicKey } from './public-key.ts';

/** Payload 0x0003, signed by the current key: reveals the next key and promises the one after. */
export interface RotationPayload {
  readonly newKey: PublicKey;
  /** Key id of the key after `newKey`; undefined where none is promised. */
  readonly nextKeyHash: Hash32 | undefined;
}

/** Payload 0x0004, signed by a recovery key: replaces the writer after the namespace's delay. */
export interface RecoveryPayload {
  readonly newKey: PublicKey;
  /** Key id of the key after `newKey`; undefined where none is promised. */
  readonly nextKeyHash: Hash32 | undefined;
  /** Hash of the block of a proven fork that counts; undefined where there is no fork. */
  readonly branch: BlockHash | undefined;
}

/** Payload 0x0006, signed by the current key: the last block of its namespace. */
export interface ClosePayload {
  /** The namespace that goes on; undefined where none does. */
  readonly next: NamespaceId | undefined;
}

const FORMAT = 1;
const NIL_NAMESPACE = '00000000-0000-0000-0000-000000000000';

/** u8 format 1, next namespace (16, zero for none). */
export function encodeClose(close: ClosePayload): Uint8Array {
  const next = namespaceBytes(close.next ?? namespaceId(new Uint8Array(NAMESPACE_BYTES)));
  return new ByteWriter().u8(FORMAT).bytes(next).done();
}

/** @throws ProtocolError `malformed` */
export function decodeClose(bytes: Uint8Array): ClosePayload {
  const reader = new ByteReader(bytes, 'a close payload');
  checkFormat(reader.u8());
  const next = namespaceId(reader.bytes(NAMESPACE_BYTES));
  reader.end();
  return { next: next === NIL_NAMESPACE ? undefined : next };
}

/** u8 format 1, new key, next key hash (32, zero for none). @throws ProtocolError `malformed` */
export function encodeRotation(rotation: RotationPayload): Uint8Array {
  const writer = new ByteWriter().u8(FORMAT);
  writePublicKey(writer, rotation.newKey);
  writeOptionalHash(writer, rotation.nextKeyHash);
  return writer.done();
}

/** @throws ProtocolError `malformed`, `unknown-algorithm` */
export function decodeRotation(bytes: Uint8Array): RotationPayload {
  const reader = new ByteReader(bytes, 'a rotation payload');
  checkFormat(reader.u8());
  const newKey = readPublicKey(reader);
  const nextKeyHash = readOptionalHash(reader);
  reader.end();
  return { newKey, nextKeyHash };
}

/**
 * u8 format 1, new key, next key hash (32, zero for none), branch (32, zero for none).
 * @throws ProtocolError `malformed`
 */
export function encodeRecovery(recovery: RecoveryPayload): Uint8Array {
  const writer = new ByteWriter().u8(FORMAT);
  writePublicKey(writer, recovery.newKey);
  writeOptionalHash(writer, recovery.nextKeyHash);
  writeOptionalHash(writer, recovery.branch);
  return writer.done();
}

/** @throws ProtocolError `malformed`, `unknown-algorithm` */
export function decodeRecovery(bytes: Uint8Array): RecoveryPayload {
  const reader = new ByteReader(bytes, 'a recovery payload');
  checkFormat(reader.u8());
  const newKey = readPublicKey(reader);
  const nextKeyHash = readOptionalHash(reader);
  const branch: BlockHash | undefined = readOptionalHash(reader);
  reader.end();
  return { newKey, nextKeyHash, branch };
}

function checkFormat(format: number): void {
  if (format !== FORMAT) {
    throw new ProtocolError('malformed', 'expected key payload format 1', { found: format });
  }
}
