import type { Hash32 } from '../brands.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { HASH_BYTES } from '../tree/hash.ts';
import { isCount } from '../tree/nodes.ts';

/** What the super-log records once per epoch. */
export interface SuperRoot {
  /** Counts up; not necessarily the index in the super-log. */
  readonly epoch: number;
  /** When the values were taken, milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  readonly namespaceCount: number;
  /** 32-byte root of the super-tree. */
  readonly root: Hash32;
}

/** Bytes of an encoded super-root. */
export const SUPER_ROOT_BYTES: number = 3 * 8 + HASH_BYTES;

/** u64 epoch, u64 timestamp, u64 number of namespaces, root: 56 bytes. @throws ProtocolError */
export function encodeSuperRoot(value: SuperRoot): Uint8Array {
  const { epoch, timestampMs, namespaceCount, root } = value;
  if (![epoch, timestampMs, namespaceCount].every(isCount) || root.length !== HASH_BYTES) {
    throw new ProtocolError('malformed', 'expected counts below 2^53 and a root of 32 bytes');
  }
  return new ByteWriter().u64(epoch).u64(timestampMs).u64(namespaceCount).bytes(root).done();
}

/** @throws ProtocolError `malformed` */
export function decodeSuperRoot(bytes: Uint8Array): SuperRoot {
  const reader = new ByteReader(bytes, 'a super-root');
  const [epoch, timestampMs, namespaceCount] = [reader.u64(), reader.u64(), reader.u64()];
  const root = reader.bytes(HASH_BYTES).slice() as Hash32;
  reader.end();
  return { epoch, timestampMs, namespaceCount, root };
}
