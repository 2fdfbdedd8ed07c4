import { bytesToHex } from '@noble/hashes/utils.js';

/** Lower case, without 0x: the key of maps by hash and address. */
export function toHex(bytes: Uint8Array): string {
  return bytesToHex(bytes);
}
