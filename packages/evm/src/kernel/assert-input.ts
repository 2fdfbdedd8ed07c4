import { EvmError } from '../errors.ts';

/** @throws EvmError `bad-request` */
export function assertLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) {
    throw new EvmError('bad-request', `${what} must be of ${length} bytes, not ${bytes.length}`);
  }
}

/** @throws EvmError `bad-request` */
export function assertBits(value: bigint, bits: number, what: string): void {
  if (value < 0n || value >> BigInt(bits) !== 0n) {
    throw new EvmError('bad-request', `${what} must be a number of ${bits} bits`);
  }
}
