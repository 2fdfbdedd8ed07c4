import type { BlockHash, Hash32 } from '../brands.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { readOptionalHash, writeOptionalHash } from './genesis.ts';
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

const FORMAT = 1;

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
