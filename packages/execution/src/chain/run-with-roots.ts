import type { AccountChange } from '@basalt/evm';
import { ExecutionError } from '../errors.ts';
import type {
  BlockExecutor,
  ExecutedTransaction,
  ExecutionJob,
  ExecutionStatistics,
} from '../executor/types.ts';
import { createLayeredState } from './layered-state.ts';
import type { TransactionRun } from './process-block.ts';

/**
 * Runs the transactions of a block before Byzantium, whose receipts hold the state root after each
 * (Yellow Paper, section 4.4.1 before EIP-658): one job a transaction, so slowly.
 *
 * @param before changes of the block that came before its transactions
 */
export async function runWithRoots(
  executor: BlockExecutor,
  job: ExecutionJob,
  rootAfter: (changes: readonly AccountChange[]) => Uint8Array,
  before: readonly AccountChange[],
): Promise<TransactionRun> {
  const state = createLayeredState(job.state);
  const results: ExecutedTransaction[] = [];
  const roots: Uint8Array[] = [];
  let gasUsed = 0n;
  let statistics: ExecutionStatistics | undefined;
  for (const transaction of job.transactions) {
    const space = job.environment.gasLimit - gasUsed;
    if (transaction.gasLimit > space) {
      const message = `gas limit ${transaction.gasLimit}, the block has ${space} left`;
      results.push({ included: false, error: { code: 'gas-limit-over-block', message } });
      break;
    }
    const run = await executor.execute({ ...job, state, transactions: [transaction] });
    statistics = run.statistics;
    const [result] = run.results;
    if (result === undefined) throw new ExecutionError('invalid', 'a transaction was not run');
    results.push(result);
    if (!result.included) {
      if (job.purpose === 'import') break;
      continue;
    }
    gasUsed += result.gasUsed;
    state.push(run.changes);
    roots.push(rootAfter([...before, ...state.changes()]));
  }
  // Nothing ran: an empty job says how.
  statistics ??= (await executor.execute({ ...job, transactions: [] })).statistics;
  return { results, gasUsed, blobGasUsed: 0n, changes: state.changes(), statistics, roots };
}
