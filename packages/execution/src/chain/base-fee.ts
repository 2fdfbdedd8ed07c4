import type { BlockHeader } from '../block/types.ts';
import { BASE_FEE_CHANGE_DIVISOR, BASE_FEE_FIRST, GAS_ELASTICITY } from './limits.ts';

/**
 * Base fee of the block after `parent` (EIP-1559): up to an eighth more or less, by how far the
 * parent's gas was from half its limit. A parent without one is the last before London.
 */
export function baseFeeAfter(parent: BlockHeader): bigint {
  const { baseFee, gasLimit, gasUsed } = parent;
  if (baseFee === undefined) return BASE_FEE_FIRST;
  const target = gasLimit / GAS_ELASTICITY;
  if (gasUsed === target || target === 0n) return baseFee;
  const distance = gasUsed > target ? gasUsed - target : target - gasUsed;
  const delta = (baseFee * distance) / target / BASE_FEE_CHANGE_DIVISOR;
  if (gasUsed < target) return baseFee > delta ? baseFee - delta : 0n;
  return baseFee + (delta > 1n ? delta : 1n);
}
