import { ExecutionError } from '../errors.ts';
import type { TransactionSignature } from './types.ts';

/** Order of secp256k1, and half of it: the largest s from Homestead on (EIP-2). */
export const SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const S_MAX = SECP256K1_ORDER / 2n;
/** v of a legacy transaction without a chain (Yellow Paper, appendix F), and with one (EIP-155). */
const LEGACY_V = 27n;
const PROTECTED_V = 35n;

export function invalidSignature(message: string): ExecutionError {
  return new ExecutionError('invalid-signature', message);
}

/** What v of a legacy transaction says: parity, and the chain when it was signed for one. */
export function parseLegacyV(v: bigint): { yParity: 0 | 1; chainId: bigint | undefined } {
  if (v === LEGACY_V) return { yParity: 0, chainId: undefined };
  if (v === LEGACY_V + 1n) return { yParity: 1, chainId: undefined };
  if (v < PROTECTED_V) throw invalidSignature(`v is ${v}: neither 27, 28 nor at least 35`);
  const rest = v - PROTECTED_V;
  return { yParity: (rest & 1n) === 0n ? 0 : 1, chainId: rest >> 1n };
}

export function legacyV(yParity: 0 | 1, chainId: bigint | undefined): bigint {
  const parity = BigInt(yParity);
  return chainId === undefined ? LEGACY_V + parity : PROTECTED_V + 2n * chainId + parity;
}

/**
 * @param isLowS the fork asks for s in the lower half of the order (EIP-2, Homestead)
 * @throws ExecutionError `invalid-signature`
 */
export function assertSignatureRange(signature: TransactionSignature, isLowS: boolean): void {
  const { r, s } = signature;
  if (r === 0n || r >= SECP256K1_ORDER) throw invalidSignature('r is not below the order');
  if (s === 0n || s >= SECP256K1_ORDER) throw invalidSignature('s is not below the order');
  if (isLowS && s > S_MAX) throw invalidSignature('s is above half the order (EIP-2)');
}
