import { keccak256 } from '@basalt/evm';
import { bytesToHex } from '@noble/hashes/utils.js';

/** An address with the capitals that check it (EIP-55). */
export function checksumAddress(address: Uint8Array): string {
  const digits = bytesToHex(address);
  const hash = bytesToHex(keccak256(new TextEncoder().encode(digits)));
  const cased = Array.from(digits, (digit, index) =>
    Number.parseInt(hash.charAt(index), 16) >= 8 ? digit.toUpperCase() : digit,
  );
  return `0x${cased.join('')}`;
}
