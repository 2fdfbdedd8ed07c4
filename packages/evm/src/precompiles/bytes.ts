import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';

/** `length` bytes from `offset`, zeros beyond the end: what a caller leaves out counts as zero. */
export function sliceRightPadded(input: Uint8Array, offset: number, length: number): Uint8Array {
  const part = input.subarray(offset, offset + length);
  if (part.length === length) return part;
  const padded = new Uint8Array(length);
  padded.set(part);
  return padded;
}

/** Big-endian; 0 for no bytes. */
export function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`);
}

/** Big-endian in exactly `length` bytes; the value fits. */
export function fromBigInt(value: bigint, length: number): Uint8Array {
  return hexToBytes(value.toString(16).padStart(2 * length, '0'));
}

export function isAllZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** A word of 32 bytes with the value 0 or 1. */
export function booleanWord(value: boolean): Uint8Array {
  const word = new Uint8Array(32);
  if (value) word[31] = 1;
  return word;
}

export function countWords(byteLength: number): bigint {
  return BigInt(Math.ceil(byteLength / 32));
}
