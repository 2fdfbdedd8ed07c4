import { type ForkRules, GAS_PER_BLOB } from '../forks.ts';
import type { Account, BlockEnvironment } from '../types.ts';
import type { Fees } from './fees.ts';
import type { IntrinsicGas } from './intrinsic-gas.ts';
import type { Transaction, TransactionError, TransactionErrorCode } from './types.ts';

/** EIP-2681: the last nonce is 2^64 - 2, for it must still be raised. */
const NONCE_LIMIT = 2n ** 64n - 1n;
const WORD_LIMIT = 2n ** 256n;
/** EIP-4844: first byte of a hash made from a KZG commitment. */
const BLOB_HASH_VERSION = 1;

/** What remains of a block for the transactions that follow. */
export interface BlockSpace {
  readonly gas: bigint;
  readonly blobGas: bigint;
}

/**
 * The checks that need no state, in the order of the execution specifications.
 *
 * @returns undefined for a transaction that passes
 */
export function findStatelessError(
  rules: ForkRules,
  transaction: Transaction,
  gas: IntrinsicGas,
): TransactionError | undefined {
  const { type, data, to, gasLimit, nonce } = transaction;
  if (type > rules.maxTransactionType) {
    return refuse('type-not-in-fork', `type ${type} does not exist in ${rules.fork}`);
  }
  const malformed = findMalformed(transaction);
  if (malformed !== undefined) return refuse('malformed', malformed);
  const needed = gas.intrinsic > gas.floor ? gas.intrinsic : gas.floor;
  if (gasLimit < needed) {
    return refuse('intrinsic-gas-too-low', `gas limit ${gasLimit}, at least ${needed} is needed`);
  }
  if (nonce >= NONCE_LIMIT) return refuse('nonce-overflow', `nonce ${nonce} can not be raised`);
  if (to === undefined && data.length > rules.initCodeSizeMax) {
    const bound = rules.initCodeSizeMax;
    return refuse('init-code-size', `init code of ${data.length} bytes, at most ${bound}`);
  }
  const { transactionGasLimitMax } = rules;
  if (transactionGasLimitMax > 0 && gasLimit > BigInt(transactionGasLimitMax)) {
    const message = `gas limit ${gasLimit}, at most ${transactionGasLimitMax} a transaction`;
    return refuse('gas-limit-over-maximum', message);
  }
  return findTypeError(transaction);
}

/** The checks against the block that the transaction is to be part of. */
export function findBlockError(
  rules: ForkRules,
  transaction: Transaction,
  fees: Fees,
  block: Pick<BlockEnvironment, 'baseFee' | 'blobBaseFee'>,
  space: BlockSpace,
): TransactionError | undefined {
  const { gasLimit } = transaction;
  if (gasLimit > space.gas) {
    return refuse('gas-limit-over-block', `gas limit ${gasLimit}, the block has ${space.gas} left`);
  }
  if (fees.blobGas > space.blobGas) {
    const message = `blob gas ${fees.blobGas}, the block has ${space.blobGas} left`;
    return refuse('blob-gas-over-block', message);
  }
  const bound = rules.blobsPerTransactionMax;
  if (transaction.type === 3 && transaction.blobHashes.length > bound) {
    const { length } = transaction.blobHashes;
    return refuse('blob-count', `${length} blobs, at most ${bound} a transaction`);
  }
  if (rules.hasBaseFee && fees.gasPriceMax < block.baseFee) {
    const message = `pays at most ${fees.gasPriceMax} a unit, the base fee is ${block.baseFee}`;
    return refuse('maximum-fee-below-base-fee', message);
  }
  if (transaction.type === 3 && transaction.maxFeePerBlobGas < block.blobBaseFee) {
    const { maxFeePerBlobGas } = transaction;
    const message = `pays at most ${maxFeePerBlobGas} for blob gas, ${block.blobBaseFee} is asked`;
    return refuse('blob-fee-below-base-fee', message);
  }
  return undefined;
}

/**
 * The checks against the sender's account.
 *
 * @param mayNotSend the sender has code that is no delegation
 */
export function findSenderError(
  transaction: Transaction,
  fees: Fees,
  account: Pick<Account, 'nonce' | 'balance'>,
  mayNotSend: boolean,
): TransactionError | undefined {
  const { nonce } = transaction;
  if (nonce < account.nonce) {
    return refuse('nonce-too-low', `nonce ${nonce}, the account has ${account.nonce}`);
  }
  if (nonce > account.nonce) {
    return refuse('nonce-too-high', `nonce ${nonce}, the account has ${account.nonce}`);
  }
  const costMax = costMaxOf(transaction, fees);
  if (account.balance < costMax) {
    const message = `may cost ${costMax}, the account has ${account.balance}`;
    return refuse('insufficient-funds', message);
  }
  // EIP-3607; a delegation (EIP-7702) is not code in this sense.
  if (mayNotSend) return refuse('sender-has-code', 'the sender is a contract');
  return undefined;
}

/** What the sender has to own: all gas at the highest price it offers, all blob gas, the value. */
export function costMaxOf(
  transaction: Transaction,
  fees: Pick<Fees, 'gasPriceMax' | 'blobGas'>,
): bigint {
  const { gasLimit, value } = transaction;
  const blobFeeMax = transaction.type === 3 ? transaction.maxFeePerBlobGas : 0n;
  return gasLimit * fees.gasPriceMax + value + fees.blobGas * blobFeeMax;
}

function findTypeError(transaction: Transaction): TransactionError | undefined {
  const { type, to } = transaction;
  if ('maxFeePerGas' in transaction) {
    const { maxPriorityFeePerGas, maxFeePerGas } = transaction;
    if (maxPriorityFeePerGas > maxFeePerGas) {
      const message = `priority fee ${maxPriorityFeePerGas} of at most ${maxFeePerGas}`;
      return refuse('priority-fee-over-maximum-fee', message);
    }
  }
  if (type === 3) {
    const { blobHashes } = transaction;
    if (to === undefined) return refuse('blob-creates-contract', 'blobs come with a call');
    if (blobHashes.length === 0) return refuse('blobs-missing', 'names no blob');
    if (blobHashes.some((hash) => hash[0] !== BLOB_HASH_VERSION)) {
      return refuse('blob-version', 'a blob hash is of an unknown version');
    }
  }
  if (type === 4) {
    if (to === undefined) {
      return refuse('authorization-creates-contract', 'authorizations come with a call');
    }
    if (transaction.authorizations.length === 0) {
      return refuse('authorizations-missing', 'names no authorization');
    }
  }
  return undefined;
}

/** What a decoder would not let through: lengths and amounts out of their range. */
function findMalformed(transaction: Transaction): string | undefined {
  const { sender, to, value, type } = transaction;
  if (sender.length !== 20) return 'the sender is not 20 bytes';
  if (to !== undefined && to.length !== 20) return 'the callee is not 20 bytes';
  const isInRange =
    'gasPrice' in transaction
      ? isWord(value) && isWord(transaction.gasPrice)
      : isWord(value) &&
        isWord(transaction.maxFeePerGas) &&
        isWord(transaction.maxPriorityFeePerGas) &&
        (type !== 3 || isWord(transaction.maxFeePerBlobGas));
  if (!isInRange) return 'an amount is not of 256 bits';
  if (type === 3 && transaction.blobHashes.some((hash) => hash.length !== 32)) {
    return 'a blob hash is not 32 bytes';
  }
  return undefined;
}

function isWord(amount: bigint): boolean {
  return amount >= 0n && amount < WORD_LIMIT;
}

function refuse(code: TransactionErrorCode, message: string): TransactionError {
  return { code, message };
}

/** Blob gas that a whole block has. */
export function blockBlobGas(rules: ForkRules): bigint {
  return BigInt(rules.blobsPerBlockMax * GAS_PER_BLOB);
}
