import { ExecutionError } from '../errors.ts';
import type { BlockState } from './block-state.ts';
import type { Engines } from './engines.ts';
import { runSequential, type SequentialStart } from './sequential.ts';
import type { BlockExecutor, ExecutedBlock, ExecutionJob, ExecutionStatistics } from './types.ts';

/** A block, and the state as it is known after it. */
export interface SequentialBlock extends ExecutedBlock {
  readonly state: BlockState;
}

/** Runs blocks on the calling thread, on an engine of full size. Keeps nothing of the state. */
export class SequentialExecutor implements BlockExecutor {
  readonly workers = 1;
  readonly #engines: Engines;
  readonly #nowMs: () => number;
  #isClosed = false;

  constructor(engines: Engines, nowMs: () => number) {
    this.#engines = engines;
    this.#nowMs = nowMs;
  }

  async execute(job: ExecutionJob): Promise<ExecutedBlock> {
    const { state: _, ...block } = await this.run(job, 'one-worker');
    return block;
  }

  /** @param start behind what others did of the block */
  async run(
    job: ExecutionJob,
    fallback: ExecutionStatistics['fallback'],
    start?: SequentialStart,
  ): Promise<SequentialBlock> {
    if (this.#isClosed) throw new ExecutionError('closed', 'the executor was closed');
    const evm = await this.#engines.get(job.fork);
    const startMs = this.#nowMs();
    const { results, state, gasUsed, blobGasUsed } = runSequential(evm, job, start);
    const changes = state.changes();
    const statistics: ExecutionStatistics = {
      mode: 'sequential',
      fallback,
      workers: 1,
      executions: results.length,
      validations: 0,
      aborts: 0,
      suspensions: 0,
      misses: state.misses,
      hotKeys: [],
      durationMs: this.#nowMs() - startMs,
    };
    return { results, gasUsed, blobGasUsed, changes, statistics, state };
  }

  applyChanges(): void {
    // Nothing is kept from one block to the next.
  }

  forgetState(): void {
    // As above.
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }
}
