import {
  type BlockSpace,
  type Evm,
  EvmError,
  type Transaction,
  type TransactionResult,
  transact,
} from '@basalt/evm';
import { type BlockState, createBlockState } from './block-state.ts';
import type { ExecutedTransaction, ExecutionJob } from './types.ts';

/** What running a list of transactions one after another left. */
export interface SequentialRun {
  readonly results: readonly ExecutedTransaction[];
  readonly state: BlockState;
  readonly gasUsed: bigint;
  readonly blobGasUsed: bigint;
}

/** Where a run begins that others have begun: after so many transactions, with what they left. */
export interface SequentialStart {
  readonly results: readonly ExecutedTransaction[];
  readonly state: BlockState;
}

/**
 * Runs a job's transactions in order on one engine, by the rules of {@link ExecutionJob} for those
 * that can not be included.
 */
export function runSequential(
  evm: Evm,
  job: ExecutionJob,
  start: SequentialStart = { results: [], state: createBlockState(job.state, job.blockHash) },
): SequentialRun {
  const { environment, transactions, blobGasLimit } = job;
  const { state } = start;
  const results: ExecutedTransaction[] = [...start.results];
  let { gasUsed, blobGasUsed } = sumOf(results);
  for (let index = results.length; index < transactions.length; index++) {
    const transaction = transactions[index];
    if (transaction === undefined) break;
    const space: BlockSpace = {
      gas: environment.gasLimit - gasUsed,
      blobGas: blobGasLimit - blobGasUsed,
    };
    const result = runOne(evm, job, state, transaction, space);
    results.push(outcomeOf(result));
    if (!result.included) {
      if (endsBlock(job, result.error.code)) break;
      continue;
    }
    state.apply(result.changes);
    gasUsed += result.gasUsed;
    blobGasUsed += result.blobGasUsed;
  }
  return { results, state, gasUsed, blobGasUsed };
}

/**
 * What takes more memory than an engine has could be valid, so that an importer must not go on. A
 * builder leaves it out: it would stand in the way of every block to come.
 */
function runOne(
  evm: Evm,
  { environment, purpose }: ExecutionJob,
  state: BlockState,
  transaction: Transaction,
  space: BlockSpace,
): TransactionResult | Extract<ExecutedTransaction, { readonly included: false }> {
  try {
    return transact(evm, state, transaction, environment, { space });
  } catch (error) {
    const isTooLarge = error instanceof EvmError && error.code === 'memory-bound';
    if (purpose === 'import' || !isTooLarge) throw error;
    const { message } = error;
    return { included: false, error: { code: 'gas-limit-over-maximum', message } };
  }
}

/** Whether a transaction that can not be included is the last that is looked at. */
export function endsBlock(job: ExecutionJob, code: string): boolean {
  return job.purpose === 'import' || code === 'gas-limit-over-block';
}

export function sumOf(results: readonly ExecutedTransaction[]): {
  gasUsed: bigint;
  blobGasUsed: bigint;
} {
  let gasUsed = 0n;
  let blobGasUsed = 0n;
  for (const result of results) {
    if (!result.included) continue;
    gasUsed += result.gasUsed;
    blobGasUsed += result.blobGasUsed;
  }
  return { gasUsed, blobGasUsed };
}

function outcomeOf(result: ReturnType<typeof runOne>): ExecutedTransaction {
  if (!result.included) return { included: false, error: result.error };
  const { succeeded, gasUsed, effectiveGasPrice, blobGasUsed, created, logs } = result;
  return { included: true, succeeded, gasUsed, effectiveGasPrice, blobGasUsed, created, logs };
}
