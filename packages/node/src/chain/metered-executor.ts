import type { BlockExecutor, ExecutionStatistics } from '@basalt/execution';

/** An executor that tells what each block took. */
export function meteredExecutor(
  executor: BlockExecutor,
  executed: (statistics: ExecutionStatistics) => void,
): BlockExecutor {
  return {
    workers: executor.workers,
    async execute(job) {
      const block = await executor.execute(job);
      executed(block.statistics);
      return block;
    },
    applyChanges: (changes) => executor.applyChanges(changes),
    forgetState: () => executor.forgetState(),
    close: () => executor.close(),
  };
}
