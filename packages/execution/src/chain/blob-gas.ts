import { blobBaseFeeAt, type Fork, isAtLeast } from '@basalt/evm';
import { GAS_PER_BLOB } from '../block/limits.ts';
import type { BlockHeader } from '../block/types.ts';
import { BLOB_BASE_COST } from './limits.ts';
import type { BlobParameters } from './types.ts';

/** Most blob gas of a block. */
export function blobGasLimit(blobs: BlobParameters | undefined): bigint {
  return blobs === undefined ? 0n : BigInt(blobs.max) * GAS_PER_BLOB;
}

/** Price of a unit of blob gas, by the block's own parameters (EIP-7691, 7892). */
export function blobBaseFee(excessBlobGas: bigint, blobs: BlobParameters): bigint {
  return blobBaseFeeAt(excessBlobGas, blobs.baseFeeUpdateFraction);
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
