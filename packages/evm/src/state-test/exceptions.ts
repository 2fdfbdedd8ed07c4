import type { TransactionErrorCode } from '../transaction/types.ts';

/** Exceptions of the fixtures by what we call the same thing. */
const EXCEPTIONS: Readonly<Record<TransactionErrorCode, readonly string[]>> = {
  'type-not-in-fork': [
    'TYPE_NOT_SUPPORTED',
    'TYPE_1_TX_PRE_FORK',
    'TYPE_2_TX_PRE_FORK',
    'TYPE_3_TX_PRE_FORK',
    'TYPE_4_TX_PRE_FORK',
  ],
  malformed: ['RLP_INVALID_VALUE', 'VALUE_OVERFLOW', 'GASPRICE_OVERFLOW'],
  'intrinsic-gas-too-low': ['INTRINSIC_GAS_TOO_LOW', 'INTRINSIC_GAS_BELOW_FLOOR_GAS_COST'],
  'gas-limit-over-maximum': ['GAS_LIMIT_EXCEEDS_MAXIMUM'],
  'gas-limit-over-block': ['GAS_ALLOWANCE_EXCEEDED'],
  'init-code-size': ['INITCODE_SIZE_EXCEEDED'],
  'priority-fee-over-maximum-fee': ['PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS'],
  'maximum-fee-below-base-fee': ['INSUFFICIENT_MAX_FEE_PER_GAS'],
  'blobs-missing': ['TYPE_3_TX_ZERO_BLOBS'],
  'blob-version': ['TYPE_3_TX_INVALID_BLOB_VERSIONED_HASH'],
  'blob-count': ['TYPE_3_TX_BLOB_COUNT_EXCEEDED'],
  'blob-gas-over-block': ['TYPE_3_TX_MAX_BLOB_GAS_ALLOWANCE_EXCEEDED'],
  'blob-fee-below-base-fee': ['INSUFFICIENT_MAX_FEE_PER_BLOB_GAS'],
  'blob-creates-contract': ['TYPE_3_TX_CONTRACT_CREATION'],
  'authorizations-missing': ['TYPE_4_EMPTY_AUTHORIZATION_LIST'],
  'authorization-creates-contract': ['TYPE_4_TX_CONTRACT_CREATION'],
  'nonce-too-low': ['NONCE_MISMATCH_TOO_LOW'],
  'nonce-too-high': ['NONCE_MISMATCH_TOO_HIGH'],
  'nonce-overflow': ['NONCE_IS_MAX', 'NONCE_OVERFLOW', 'NONCE_TOO_BIG'],
  'insufficient-funds': ['INSUFFICIENT_ACCOUNT_FUNDS', 'GASLIMIT_PRICE_PRODUCT_OVERFLOW'],
  'sender-has-code': ['SENDER_NOT_EOA'],
};

const PREFIX = 'TransactionException.';

/** Whether an error is one of those a fixture expects, `TransactionException.A|...B` say. */
export function isExpected(code: TransactionErrorCode, expected: string): boolean {
  const names = EXCEPTIONS[code];
  return expected
    .split('|')
    .some((name) => names.includes(name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name));
}
