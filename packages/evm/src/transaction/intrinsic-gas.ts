import {
  AUTHORIZATION_GAS,
  CALLDATA_ZERO_BYTE_GAS,
  type ForkRules,
  TRANSACTION_GAS,
} from '../forks.ts';
import type { Transaction } from './types.ts';

/** EIP-7623: a byte that is not zero counts as so many tokens, a zero byte as one. */
const TOKENS_PER_NONZERO_BYTE = 4;

export interface IntrinsicGas {
  /** Taken before the first opcode. */
  readonly intrinsic: bigint;
  /** Least gas that the transaction pays in the end (EIP-7623); 0 before Prague. */
  readonly floor: bigint;
}

/** Yellow Paper, g0 in section 6.2, with EIP-2028, 2930, 3860, 7623 and 7702. */
export function intrinsicGas(rules: ForkRules, transaction: Transaction): IntrinsicGas {
  const { data, to } = transaction;
  const zeros = countZeros(data);
  const nonzeros = data.length - zeros;
  let gas = TRANSACTION_GAS + zeros * CALLDATA_ZERO_BYTE_GAS + nonzeros * rules.calldataByteGas;
  if (to === undefined) {
    gas += rules.transactionCreateGas + rules.initCodeWordGas * Math.ceil(data.length / 32);
  }
  if (transaction.type !== 0) {
    gas += rules.accessListAddressGas * transaction.accessList.length;
    for (const { slots } of transaction.accessList) gas += rules.accessListSlotGas * slots.length;
  }
  if (transaction.type === 4) gas += AUTHORIZATION_GAS * transaction.authorizations.length;
  const tokens = zeros + nonzeros * TOKENS_PER_NONZERO_BYTE;
  const hasFloor = rules.calldataFloorTokenGas > 0;
  const floor = hasFloor ? TRANSACTION_GAS + tokens * rules.calldataFloorTokenGas : 0;
  return { intrinsic: BigInt(gas), floor: BigInt(floor) };
}

function countZeros(data: Uint8Array): number {
  let zeros = 0;
  // An index is three times as fast as the iterator, and calls run this a million times.
  for (let index = 0; index < data.length; index++) if (data[index] === 0) zeros++;
  return zeros;
}
