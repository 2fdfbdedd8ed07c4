import type { TierOptions } from '@basalt/evm';
import { assert } from '@basalt/protocol';
import { WORKERS_MAX } from '../parallel/limits.ts';
import { ChainExecutor } from './chain-executor.ts';
import { monotonicMs, randomSeed } from './defaults-shell.ts';
import type { BlockExecutor } from './types.ts';

export interface BlockExecutorOptions {
  /** Threads that run transactions, 1 to 8; 1: the calling thread. */
  readonly workers: number;
  /** As `createEvm` takes it. */
  readonly engine: 'interpreter' | 'tiered';
  readonly tier?: TierOptions;
  /** Told why, each time that threads are lost in a block, which then runs without them. */
  readonly onWorkerLost?: (reason: string) => void;
  /**
   * `adaptive`, the default: blocks run in parallel where that was measured to be faster. `always`:
   * also where it is slower, for tests and benches.
   */
  readonly parallel?: 'adaptive' | 'always';
  /** Milliseconds that only go up, for statistics and for the choice between the modes. */
  readonly nowMs?: () => number;
  /** Mixed into positions of hash tables; random where absent. Results do not depend on it. */
  readonly hashSeed?: bigint;
  /** For tests: workers pause at random between the parts of their tasks. */
  readonly scheduleSeed?: number;
  /** For tests: another module in place of the worker's. */
  readonly workerFile?: URL;
}

/**
 * Makes an executor. Threads and engines start with the first block that needs them; idle threads
 * do not keep the process alive.
 */
export function createBlockExecutor(options: BlockExecutorOptions): BlockExecutor {
  const { workers, engine, tier = {}, parallel = 'adaptive' } = options;
  const { nowMs = monotonicMs, hashSeed = randomSeed(), onWorkerLost = () => {} } = options;
  assert(Number.isInteger(workers) && workers >= 1, 'an executor has at least one worker');
  assert(workers <= WORKERS_MAX, `an executor has at most ${WORKERS_MAX} workers`);
  return new ChainExecutor({
    workers,
    engine,
    tier,
    hashSeed,
    nowMs,
    onWorkerLost,
    isAdaptive: parallel === 'adaptive',
    scheduleSeed: options.scheduleSeed,
    workerFile: options.workerFile,
  });
}
