import type { BlockExecutor, ExecutedBlock } from '@basalt/execution';
import { inSpan } from '@basalt/telemetry';

/** An executor that tells what each block took. */
export function meteredExecutor(
  executor: BlockExecutor,
  executed: (block: ExecutedBlock) => void,
): BlockExecutor {
  return {
    workers: executor.workers,
    async execute(job) {
      const block = await inSpan('execution.block', { begins: true }, async (span) => {
        const done = await executor.execute(job);
        const { executions, aborts } = done.statistics;
        span.tell({ transactions: job.transactions.length, executions, aborts });
        return done;
      });
      executed(block);
      return block;
    },
    applyChanges: (changes) => executor.applyChanges(changes),
    setModePolicy: (policy) => executor.setModePolicy(policy),
    modeState: () => executor.modeState(),
    forgetState: () => executor.forgetState(),
    close: () => executor.close(),
  };
}
