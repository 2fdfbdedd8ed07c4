import type { ForkRules } from '../forks.ts';

/** EIP-4844: the least price of a unit of blob gas. */
const MIN_BLOB_BASE_FEE = 1n;

/** Price of a unit of blob gas from the excess of the blocks before (EIP-4844, 7691). */
export function blobBaseFee(rules: ForkRules, excessBlobGas: bigint): bigint {
  const { blobBaseFeeUpdateFraction } = rules;
  if (blobBaseFeeUpdateFraction === 0) return 0n;
  return blobBaseFeeAt(excessBlobGas, BigInt(blobBaseFeeUpdateFraction));
}

/**
 * The same where a block's parameters are other than its fork's (EIP-7892): `e ** (excess /
 * fraction)` by its Taylor series.
 */
export function blobBaseFeeAt(excessBlobGas: bigint, updateFraction: bigint): bigint {
  let sum = 0n;
  let term = MIN_BLOB_BASE_FEE * updateFraction;
  for (let index = 1n; term > 0n; index++) {
    sum += term;
    term = (term * excessBlobGas) / (updateFraction * index);
  }
  return sum / updateFraction;
}
