import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';

/** `0x` and two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  return `0x${bytesToHex(bytes)}`;
}

/** A quantity: no leading zeros, `0x0` for nothing. */
export function toQuantity(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** 32 bytes, big-endian. */
export function toWord(value: bigint): Uint8Array {
  return hexToBytes(BigInt.asUintN(256, value).toString(16).padStart(64, '0'));
}

/** True for `0x` and whole bytes. */
export function isHexBytes(text: string): boolean {
  return text.length % 2 === 0 && /^0[xX][0-9a-fA-F]*$/.test(text);
}

/** Of a text that {@link isHexBytes} is true for. */
export function fromHex(text: string): Uint8Array {
  return hexToBytes(text.slice(2));
}
