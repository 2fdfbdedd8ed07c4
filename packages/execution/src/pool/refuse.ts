import type { TransactionError, TransactionErrorCode } from '@basalt/evm';
import { ExecutionError } from '../errors.ts';
import type { PoolErrorCode } from './types.ts';

export function refuse(code: PoolErrorCode, message: string): ExecutionError {
  return new ExecutionError(code, message);
}

const CODES: Readonly<Record<TransactionErrorCode, PoolErrorCode>> = {
  'type-not-in-fork': 'invalid',
  malformed: 'malformed',
  'intrinsic-gas-too-low': 'intrinsic-gas-too-low',
  'gas-limit-over-maximum': 'gas-limit-over-block',
  'gas-limit-over-block': 'gas-limit-over-block',
  'init-code-size': 'oversize',
  'priority-fee-over-maximum-fee': 'invalid',
  'maximum-fee-below-base-fee': 'underpriced',
  'blobs-missing': 'blobs-missing',
  'blob-version': 'invalid',
  'blob-count': 'oversize',
  'blob-gas-over-block': 'oversize',
  'blob-fee-below-base-fee': 'underpriced',
  'blob-creates-contract': 'invalid',
  'authorizations-missing': 'invalid',
  'authorization-creates-contract': 'invalid',
  'nonce-too-low': 'nonce-too-low',
  'nonce-too-high': 'nonce-too-far',
  'nonce-overflow': 'invalid',
  'insufficient-funds': 'insufficient-funds',
  'sender-has-code': 'sender-has-code',
};

/** What the engine finds wrong, in the pool's words. */
export function refuseAs({ code, message }: TransactionError): ExecutionError {
  return refuse(CODES[code], message);
}
