import { type ForkRules, GAS_PER_BLOB } from '../forks.ts';
import type { BlockEnvironment } from '../types.ts';
import type { Transaction } from './types.ts';

export interface Fees {
  /** What a unit of gas costs the sender here. */
  readonly gasPrice: bigint;
  /** What of it the fee recipient gets; the rest is burnt (EIP-1559). */
  readonly priorityFee: bigint;
  /** What a unit of gas may cost the sender at most. */
  readonly gasPriceMax: bigint;
  readonly blobGas: bigint;
}

export function feesOf(
  rules: ForkRules,
  transaction: Transaction,
  block: Pick<BlockEnvironment, 'baseFee'>,
): Fees {
  const baseFee = rules.hasBaseFee ? block.baseFee : 0n;
  const blobGas =
    transaction.type === 3 ? BigInt(transaction.blobHashes.length * GAS_PER_BLOB) : 0n;
  if (transaction.type === 0 || transaction.type === 1) {
    const { gasPrice } = transaction;
    return { gasPrice, priorityFee: gasPrice - baseFee, gasPriceMax: gasPrice, blobGas };
  }
  const { maxFeePerGas, maxPriorityFeePerGas } = transaction;
  const left = maxFeePerGas - baseFee;
  const priorityFee = left < maxPriorityFeePerGas ? left : maxPriorityFeePerGas;
  return { gasPrice: baseFee + priorityFee, priorityFee, gasPriceMax: maxFeePerGas, blobGas };
}
