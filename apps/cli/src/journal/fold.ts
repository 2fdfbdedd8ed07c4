import { hash } from 'node:crypto';

/**
 * One value for a whole run of records: fold(0) = 32 zero bytes,
 * fold(n + 1) = SHA-256(fold(n), n as u64, SHA-256(record n)). A record is bound to its position,
 * so two runs with the same fold read the same records in the same order.
 */
export const EMPTY_FOLD: Uint8Array = new Uint8Array(32);

/** @param position of this record, from 0 */
export function foldRecord(
  fold: Uint8Array,
  position: number,
  payloadHash: Uint8Array,
): Uint8Array {
  const input = Buffer.alloc(72);
  input.set(fold, 0);
  input.writeBigUInt64BE(BigInt(position), 32);
  input.set(payloadHash, 40);
  return sha256(input);
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}
