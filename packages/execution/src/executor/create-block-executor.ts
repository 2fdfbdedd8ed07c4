import type { TierOptions } from '@basalt/evm';
import { ExecutionError } from '../errors.ts';
import { monotonicMs } from './clock-shell.ts';
import { createEngines, type Engines } from './engines.ts';
import { runSequential } from './sequential.ts';
import type { BlockExecutor, ExecutedBlock, ExecutionJob, ExecutionStatistics } from './types.ts';

export interface BlockExecutorOptions {
  /** Threads that run transactions; 1: the calling thread. */
  readonly workers: number;
  /** As `createEvm` takes it. */
  readonly engine: 'interpreter' | 'tiered';
  readonly tier?: TierOptions;
  /** Milliseconds that only go up, for statistics. */
  readonly nowMs?: () => number;
}

/** Makes an executor; threads and engines start with the first block. */
export function createBlockExecutor(options: BlockExecutorOptions): BlockExecutor {
  return new SequentialExecutor(options);
}

class SequentialExecutor implements BlockExecutor {
  readonly workers = 1;
  readonly #engines: Engines;
  readonly #nowMs: () => number;
  #isClosed = false;

  constructor({ engine, tier, nowMs = monotonicMs }: BlockExecutorOptions) {
    this.#engines = createEngines(tier === undefined ? { engine } : { engine, tier });
    this.#nowMs = nowMs;
  }

  async execute(job: ExecutionJob): Promise<ExecutedBlock> {
    if (this.#isClosed) throw new ExecutionError('closed', 'the executor was closed');
    const evm = await this.#engines.get(job.fork);
    const startMs = this.#nowMs();
    const { results, state, gasUsed, blobGasUsed } = runSequential(evm, job);
    const changes = state.changes();
    const statistics: ExecutionStatistics = {
      mode: 'sequential',
      fallback: 'one-worker',
      workers: 1,
      executions: results.length,
      validations: 0,
      aborts: 0,
      suspensions: 0,
      misses: state.misses,
      hotKeys: [],
      durationMs: this.#nowMs() - startMs,
    };
    return { results, gasUsed, blobGasUsed, changes, statistics };
  }

  applyChanges(): void {
    // As below.
  }

  forgetState(): void {
    // Nothing is kept from one block to the next.
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }
}
