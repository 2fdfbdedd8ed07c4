import type { ForkRules } from '../forks.ts';

/** EIP-4844: the least price of a unit of blob gas. */
const MIN_BLOB_BASE_FEE = 1n;

/** Price of a unit of blob gas from the excess of the blocks before (EIP-4844, 7691). */
export function blobBaseFee(rules: ForkRules, excessBlobGas: bigint): bigint {
  const { blobBaseFeeUpdateFraction } = rules;
  if (blobBaseFeeUpdateFraction === 0) return 0n;
  return fakeExponential(MIN_BLOB_BASE_FEE, excessBlobGas, BigInt(blobBaseFeeUpdateFraction));
}

/** `factor * e ** (numerator / denominator)` by its Taylor series (EIP-4844). */
function fakeExponential(factor: bigint, numerator: bigint, denominator: bigint): bigint {
  let sum = 0n;
  let term = factor * denominator;
  for (let index = 1n; term > 0n; index++) {
    sum += term;
    term = (term * numerator) / (denominator * index);
  }
  return sum / denominator;
}
