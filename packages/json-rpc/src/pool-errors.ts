import { ExecutionError, type ExecutionErrorCode } from '@basalt/execution';
import { type RpcError, serverError } from './errors.ts';

/**
 * What geth says where a pool refuses a transaction. Libraries look for these words, so they come
 * first; the pool's own words with the figures follow.
 */
const GETH_WORDS: Readonly<Partial<Record<ExecutionErrorCode, string>>> = {
  malformed: 'rlp: the transaction can not be decoded',
  'malformed-rlp': 'rlp: the transaction can not be decoded',
  'wrong-chain': 'invalid chain id for signer',
  'invalid-signature': 'invalid sender',
  'already-known': 'already known',
  'nonce-too-low': 'nonce too low',
  'nonce-too-far': 'nonce too high',
  underpriced: 'transaction underpriced',
  'replacement-underpriced': 'replacement transaction underpriced',
  'insufficient-funds': 'insufficient funds for gas * price + value',
  'intrinsic-gas-too-low': 'intrinsic gas too low',
  'gas-limit-over-block': 'exceeds block gas limit',
  oversize: 'oversized data',
  'blobs-missing': 'missing sidecar',
  'blob-proof': 'invalid blob proof',
  'sender-has-code': 'sender not an eoa',
  'pool-full': 'txpool is full',
};

/** The error as a client sees it; what is none of a pool or chain is passed on. */
export function toRpcError(error: unknown): unknown {
  return error instanceof ExecutionError ? fromExecution(error) : error;
}

function fromExecution(error: ExecutionError): RpcError {
  const words = GETH_WORDS[error.code];
  if (words === undefined || error.message.startsWith(words)) return serverError(error.message);
  return serverError(`${words}: ${error.message}`);
}
