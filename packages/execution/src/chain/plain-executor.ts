import type { Engines } from '../executor/engines.ts';
import { runSequential } from '../executor/sequential.ts';
import type { BlockExecutor, ExecutedBlock, ExecutionJob, ModeState } from '../executor/types.ts';

/**
 * Runs blocks of the past one after another, on engines that are there anyway: nothing is kept from
 * one to the next, so the executor of the head is not disturbed.
 */
export function createPlainExecutor(engines: Engines): BlockExecutor {
  return {
    workers: 1,
    async execute(job: ExecutionJob): Promise<ExecutedBlock> {
      const evm = await engines.get(job.fork);
      const { results, state, gasUsed, blobGasUsed } = runSequential(evm, job);
      return { results, gasUsed, blobGasUsed, changes: state.changes(), statistics: NOT_MEASURED };
    },
    applyChanges(): void {
      // Nothing is kept.
    },
    forgetState(): void {
      // As above.
    },
    setModePolicy(): void {
      // There is one mode.
    },
    modeState: () => ONE_MODE,
    async close(): Promise<void> {
      // The engines belong to the caller.
    },
  };
}

const ONE_MODE: ModeState = {
  mode: 'sequential',
  gain: undefined,
  runsPerTransaction: undefined,
  pauseBlocks: 0,
};

const NOT_MEASURED: ExecutedBlock['statistics'] = {
  mode: 'sequential',
  fallback: 'one-worker',
  workers: 1,
  executions: 0,
  validations: 0,
  aborts: 0,
  suspensions: 0,
  misses: 0,
  hotKeys: [],
  durationMs: 0,
};
