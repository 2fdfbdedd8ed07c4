import type { Fork, Recover, Transaction, TransactionError } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import { decodeTransaction } from '../transaction/decode.ts';
import { recoverTransaction } from '../transaction/recover.ts';
import type { RecoveredTransaction } from '../transaction/types.ts';

/**
 * Everything there is to check of one transaction that the fast path let into the pool.
 *
 * @returns why it should not be there; undefined where it should
 */
export type FullCheck = (transaction: RecoveredTransaction) => Promise<string | undefined>;

export interface FullCheckComponents {
  readonly recover: Recover;
  readonly fork: () => Fork;
  /** Runs it on the state after the newest block, as `transact` does, and keeps nothing. */
  readonly simulate: (
    transaction: Transaction,
  ) => TransactionError | undefined | Promise<TransactionError | undefined>;
}

/**
 * Decodes again from the encoding, recovers again without cache and batch, and runs the
 * transaction. A nonce that others come before is no fault: they may still be in the pool.
 */
export function createFullCheck(components: FullCheckComponents): FullCheck {
  const { recover, fork, simulate } = components;
  return async (transaction) => {
    const again = recoverTransaction(decodeTransaction(transaction.raw), fork(), recover);
    if (!equalBytes(again.hash, transaction.hash)) return 'the hash is another';
    if (!equalBytes(again.sender, transaction.sender)) return 'the sender is another';
    const error = await simulate(again.transaction);
    if (error === undefined || error.code === 'nonce-too-high') return undefined;
    return `${error.code}: ${error.message}`;
  };
}
