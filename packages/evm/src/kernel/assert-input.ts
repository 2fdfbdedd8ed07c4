import { EvmError } from '../errors.ts';

const LIMIT_64 = 2n ** 64n;
const LIMIT_256 = 2n ** 256n;

/** @throws EvmError `bad-request` */
export function assertLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) {
    throw new EvmError('bad-request', `${what} must be of ${length} bytes, not ${bytes.length}`);
  }
}

/** @throws EvmError `bad-request` */
export function assertBits(value: bigint, bits: 64 | 256, what: string): void {
  if (value < 0n || value >= (bits === 64 ? LIMIT_64 : LIMIT_256)) {
    throw new EvmError('bad-request', `${what} must be a number of ${bits} bits`);
  }
}
