import { type Fork, isAtLeast } from '@basalt/evm';
import { GAS_PER_BLOB } from '../block/limits.ts';
import type { BlockHeader } from '../block/types.ts';
import { BLOB_BASE_COST } from './limits.ts';
import type { BlobParameters } from './types.ts';

/** EIP-4844: the least price of a unit of blob gas. */
const BLOB_BASE_FEE_MIN = 1n;

/** Most blob gas of a block. */
export function blobGasLimit(blobs: BlobParameters | undefined): bigint {
  return blobs === undefined ? 0n : BigInt(blobs.max) * GAS_PER_BLOB;
}

/**
 * Price of a unit of blob gas: `e ** (excess / fraction)` by its Taylor series (EIP-4844), with the
 * fraction of the block's own parameters (EIP-7691, 7892).
 */
export function blobBaseFee(excessBlobGas: bigint, blobs: BlobParameters): bigint {
  const denominator = blobs.baseFeeUpdateFraction;
  let sum = 0n;
  let term = BLOB_BASE_FEE_MIN * denominator;
  for (let index = 1n; term > 0n; index++) {
    sum += term;
    term = (term * excessBlobGas) / (denominator * index);
  }
  return sum / denominator;
}

/**
 * Excess blob gas of the block after `parent`, by the parameters of that block (EIP-4844, 7691).
 * From Osaka on it falls no further where execution costs more than blobs (EIP-7918).
 */
export function excessBlobGasAfter(parent: BlockHeader, fork: Fork, blobs: BlobParameters): bigint {
  const excess = parent.excessBlobGas ?? 0n;
  const used = parent.blobGasUsed ?? 0n;
  const target = BigInt(blobs.target) * GAS_PER_BLOB;
  if (excess + used < target) return 0n;
  if (isAtLeast(fork, 'osaka')) {
    const reserve = BLOB_BASE_COST * (parent.baseFee ?? 0n);
    if (reserve > GAS_PER_BLOB * blobBaseFee(excess, blobs)) {
      return excess + (used * BigInt(blobs.max - blobs.target)) / BigInt(blobs.max);
    }
  }
  return excess + used - target;
}
