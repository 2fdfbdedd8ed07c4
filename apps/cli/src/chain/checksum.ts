import { keccak256 } from '@basalt/evm';

/** An address with its checksum in the case of its letters (EIP-55). */
export function checksumAddress(address: Uint8Array): string {
  const hex = Buffer.from(address).toString('hex');
  const hash = keccak256(new Uint8Array(Buffer.from(hex)));
  const digits = Array.from(hex, (digit, at) => {
    const nibble = ((hash[at >> 1] ?? 0) >> (at % 2 === 0 ? 4 : 0)) & 15;
    return nibble >= 8 ? digit.toUpperCase() : digit;
  });
  return `0x${digits.join('')}`;
}
