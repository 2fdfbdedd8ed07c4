import {
  FORK_RULES,
  feesOf,
  findBlockError,
  findStatelessError,
  intrinsicGas,
  type Transaction,
  type TransactionError,
  type VersionedMemory,
} from '@basalt/evm';
import { endsBlock } from './sequential.ts';
import type { ExecutedTransaction, ExecutionJob } from './types.ts';

/** What of a parallel run is the block. */
export interface AssembledRun {
  readonly results: readonly ExecutedTransaction[];
  /** Transactions whose changes count: those below. */
  readonly count: number;
  /**
   * The block goes on behind the results, but what ran in parallel above `count` counts no more: a
   * transaction that did not fit ran with the others and must not have.
   */
  readonly mustGoOn: boolean;
}

/**
 * Looks at a parallel run in the order of the transactions, by the rules of {@link ExecutionJob}.
 * Each ran as if the block were empty; whether its gas and blob gas fit shows only here.
 */
export function assembleRun(job: ExecutionJob, memory: VersionedMemory): AssembledRun {
  const results: ExecutedTransaction[] = [];
  let gas = job.environment.gasLimit;
  let blobGas = job.blobGasLimit;
  for (let index = 0; index < job.transactions.length; index++) {
    const transaction = job.transactions[index] as Transaction;
    const needsBlobs = transaction.type === 3 && blobGasOf(job, transaction) > blobGas;
    if (transaction.gasLimit > gas || needsBlobs) {
      const error = errorOf(job, index, { gas, blobGas });
      if (error !== undefined) {
        results.push({ included: false, error });
        const isEnd = endsBlock(job, error.code);
        return { results, count: index, mustGoOn: !isEnd };
      }
    }
    const result = memory.result(index);
    results.push(result);
    if (result.included) {
      gas -= result.gasUsed;
      blobGas -= result.blobGasUsed;
    } else if (endsBlock(job, result.error.code)) {
      return { results, count: index, mustGoOn: false };
    }
  }
  return { results, count: results.length, mustGoOn: false };
}

function blobGasOf({ fork, environment }: ExecutionJob, transaction: Transaction): bigint {
  return feesOf(FORK_RULES[fork], transaction, environment).blobGas;
}

/** What one after another would be told of a transaction before anything of the state is read. */
function errorOf(
  { fork, transactions, environment }: ExecutionJob,
  index: number,
  space: { readonly gas: bigint; readonly blobGas: bigint },
): TransactionError | undefined {
  const transaction = transactions[index];
  if (transaction === undefined) return undefined;
  const rules = FORK_RULES[fork];
  const fees = feesOf(rules, transaction, environment);
  return (
    findStatelessError(rules, transaction, intrinsicGas(rules, transaction)) ??
    findBlockError(rules, transaction, fees, environment, space)
  );
}
