/**
 * RLP encoding (Yellow Paper, appendix B), as much of it as hashing logs and authorizations takes.
 * Decoding belongs to whoever reads transactions from outside.
 */
import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';

const SHORT_LENGTH_MAX = 55;
const STRING_OFFSET = 0x80;
const LIST_OFFSET = 0xc0;

export function encodeString(bytes: Uint8Array): Uint8Array {
  const [first] = bytes;
  if (bytes.length === 1 && first !== undefined && first < STRING_OFFSET) return bytes.slice();
  return concatBytes(encodeLength(bytes.length, STRING_OFFSET), bytes);
}

/** Big-endian without leading zeros; 0 is the empty string. */
export function encodeNumber(value: bigint): Uint8Array {
  return encodeString(value === 0n ? new Uint8Array(0) : minimalBytes(value));
}

/** From items that are encoded already. */
export function encodeList(items: readonly Uint8Array[]): Uint8Array {
  const payload = concatBytes(...items);
  return concatBytes(encodeLength(payload.length, LIST_OFFSET), payload);
}

function encodeLength(length: number, offset: number): Uint8Array {
  if (length <= SHORT_LENGTH_MAX) return Uint8Array.of(offset + length);
  const bytes = minimalBytes(BigInt(length));
  return concatBytes(Uint8Array.of(offset + SHORT_LENGTH_MAX + bytes.length), bytes);
}

function minimalBytes(value: bigint): Uint8Array {
  const hex = value.toString(16);
  return hexToBytes(hex.length % 2 === 0 ? hex : `0${hex}`);
}
