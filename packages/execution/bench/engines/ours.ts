import { createMemoryState } from '@basalt/evm';
import { createBlockExecutor } from '../../src/executor/create-block-executor.ts';
import type { ExecutionJob, ExecutionStatistics } from '../../src/executor/types.ts';
import { type BenchBlock, type BlockEngine, ownCpuSeconds } from './types.ts';

export interface OwnEngine extends BlockEngine {
  /** Of the last run. */
  readonly statistics: ExecutionStatistics | undefined;
}

/**
 * This executor with its defaults. Every run begins with nothing known of the state, as a foreign
 * block would find it.
 */
export function createOwn(workers: number, parallel?: 'adaptive' | 'always'): OwnEngine {
  const executor = createBlockExecutor({
    workers,
    engine: 'tiered',
    ...(parallel === undefined ? {} : { parallel }),
  });
  let job: ExecutionJob | undefined;
  let statistics: ExecutionStatistics | undefined;
  return {
    name: workers === 1 ? 'one worker' : `${workers} workers`,
    get statistics() {
      return statistics;
    },
    load(block) {
      job = jobOf(block);
      return Promise.resolve();
    },
    async run() {
      if (job === undefined) throw new Error('no block was loaded');
      executor.forgetState();
      const executed = await executor.execute(job);
      const refused = executed.results.findIndex(({ included }) => !included);
      if (refused !== -1) throw new Error(`transaction ${refused} was refused`);
      statistics = executed.statistics;
      return executed.gasUsed;
    },
    cpuSeconds: ownCpuSeconds,
    stop: () => executor.close(),
  };
}

/** The job of an executor for a block. */
export function jobOf(block: BenchBlock): ExecutionJob {
  const state = createMemoryState(block.accounts);
  return {
    fork: block.fork,
    environment: block.environment,
    state: {
      number: Number(block.environment.number) - 1,
      readAccount: (address) => state.readAccount(address),
      readStorage: (address, slot) => state.readStorage(address, slot),
      readCode: (hash) => state.readCode(hash),
      hasStorage: (address) => state.hasStorage?.(address) ?? false,
    },
    blockHash: block.blockHash,
    transactions: block.transactions,
    blobGasLimit: 9n * 131_072n,
    purpose: 'import',
  };
}
