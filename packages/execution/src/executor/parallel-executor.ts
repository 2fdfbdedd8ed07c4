/**
 * Block-STM over worker threads: transactions run in any order on a memory of versions, those that
 * read too early run again, and what comes out is what one after another would have made.
 */
import type { AccountChange, TierOptions } from '@basalt/evm';
import { assert } from '@basalt/protocol';
import { ExecutionError } from '../errors.ts';
import { PARALLEL_TRANSACTIONS_MAX } from '../parallel/limits.ts';
import { ParallelRunner } from '../parallel/parallel-runner-shell.ts';
import type { SchedulerStatistics } from '../parallel/types.ts';
import { assembleRun } from './assemble.ts';
import { BaseValues } from './base-values.ts';
import { createBlockState } from './block-state.ts';
import { ByteTable } from './byte-table.ts';
import { findHints, slotKey } from './hints.ts';
import { type ModeChoice, ModeChooser } from './mode-chooser.ts';
import { sumOf } from './sequential.ts';
import type { SequentialExecutor } from './sequential-executor.ts';
import type {
  BlockExecutor,
  ExecutedBlock,
  ExecutionJob,
  ExecutionStatistics,
  HotKey,
} from './types.ts';

export interface ParallelExecutorOptions {
  readonly workers: number;
  readonly engine: 'interpreter' | 'tiered';
  readonly tier: TierOptions;
  readonly hashSeed: bigint;
  readonly nowMs: () => number;
  /** False: every block that can runs in parallel. */
  readonly isAdaptive: boolean;
  /** For what does not run in parallel. */
  readonly sequential: SequentialExecutor;
  readonly scheduleSeed: number | undefined;
  readonly workerFile: URL | undefined;
}

type Fallback = ExecutionStatistics['fallback'];

const HOT_KEYS_MAX = 8;
/** Aborts in one block that make a slot worth a hint. */
const HOT_ABORTS_MIN = 2;
/** Slots that are remembered as hot; then the table begins anew. */
const HOT_SLOTS_MAX = 1_024;

export class ParallelExecutor implements BlockExecutor {
  readonly workers: number;
  readonly #options: ParallelExecutorOptions;
  readonly #runner: ParallelRunner;
  readonly #base = new BaseValues();
  readonly #chooser = new ModeChooser();
  #hotSlots = new ByteTable<true>();
  /** Blocks run one at a time, in the order of the calls. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: ParallelExecutorOptions) {
    this.#options = options;
    this.workers = options.workers;
    this.#runner = new ParallelRunner(options);
  }

  execute(job: ExecutionJob): Promise<ExecutedBlock> {
    const block = this.#last.then(() => this.#execute(job));
    this.#last = block.catch(() => undefined);
    return block;
  }

  applyChanges(changes: readonly AccountChange[]): void {
    if (changes.length > 0) this.#runner.memory.applyToBase(changes);
  }

  forgetState(): void {
    this.#runner.memory.clear();
    this.#base.forget();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
    await this.#options.sequential.close();
    await this.#runner.close();
  }

  async #execute(job: ExecutionJob): Promise<ExecutedBlock> {
    if (this.#isClosed) throw new ExecutionError('closed', 'the executor was closed');
    const { predecessors, speedupBound } = findHints(job.transactions, this.#hotSlots);
    const choice = this.#choose(job, speedupBound);
    if (choice.mode === 'sequential') return this.#runSequential(job, choice.reason);
    const block = await this.#runParallel(job, predecessors);
    return typeof block === 'string' ? this.#runSequential(job, block) : block;
  }

  #choose({ transactions }: ExecutionJob, speedupBound: number): ModeChoice {
    if (transactions.length > PARALLEL_TRANSACTIONS_MAX) {
      return { mode: 'sequential', reason: 'memory-bound' };
    }
    if (!this.#options.isAdaptive) return { mode: 'parallel' };
    return this.#chooser.choose({ transactions: transactions.length, speedupBound });
  }

  async #runSequential(job: ExecutionJob, reason: Fallback): Promise<ExecutedBlock> {
    const { state, ...block } = await this.#options.sequential.run(job, reason);
    this.#base.add(state.contents(), this.#runner.memory);
    this.#chooser.record(block.statistics, job.transactions.length, block.gasUsed);
    return block;
  }

  /** @returns the reason when the block must run one after another */
  async #runParallel(
    job: ExecutionJob,
    predecessors: Int32Array,
  ): Promise<ExecutedBlock | NonNullable<Fallback>> {
    const { nowMs } = this.#options;
    const { memory } = this.#runner;
    const startMs = nowMs();
    this.#base.prefetch(job, memory);
    memory.beginBlock(job.transactions.length, { coinbase: job.environment.coinbase });
    const run = await this.#runner.run(job, predecessors);
    if (run === undefined) return 'memory-bound';
    if (run.outcome !== 'done') {
      await this.#recover(run.outcome);
      return run.outcome === 'memory-bound' ? 'memory-bound' : 'worker-lost';
    }
    const hotKeys = memory.hotKeys(HOT_KEYS_MAX);
    this.#learn(hotKeys);
    const { results, count, mustGoOn } = assembleRun(job.fork, job, memory);
    const changes = memory.changes(count);
    if (mustGoOn) return this.#goOn(job, results, changes);
    memory.commit(count);
    const statistics = this.#statistics(run.statistics, {
      misses: run.misses,
      hotKeys,
      durationMs: nowMs() - startMs,
    });
    const sums = sumOf(results);
    this.#chooser.record(statistics, job.transactions.length, sums.gasUsed);
    return { results, ...sums, changes, statistics };
  }

  /** The rest of a block, one after another, on what the parallel run left below it. */
  async #goOn(
    job: ExecutionJob,
    results: ExecutedBlock['results'],
    changes: readonly AccountChange[],
  ): Promise<ExecutedBlock> {
    const state = createBlockState(job.state, job.blockHash);
    state.apply(changes);
    const block = await this.#options.sequential.run(job, 'conflict', { results, state });
    this.#base.add(state.contents(), this.#runner.memory);
    const { state: _, ...rest } = block;
    return rest;
  }

  /** A lost thread may have held a lock of the memory: that goes with the other threads. */
  async #recover(outcome: string): Promise<void> {
    if (outcome === 'memory-bound') return;
    await this.#runner.close();
    this.#base.forget();
  }

  #statistics(
    counts: SchedulerStatistics,
    rest: Pick<ExecutionStatistics, 'misses' | 'hotKeys' | 'durationMs'>,
  ): ExecutionStatistics {
    return { mode: 'parallel', fallback: undefined, workers: this.workers, ...counts, ...rest };
  }

  #learn(hotKeys: readonly HotKey[]): void {
    if (this.#hotSlots.size > HOT_SLOTS_MAX) this.#hotSlots = new ByteTable<true>();
    for (const { address, slot, aborts } of hotKeys) {
      if (slot === undefined || aborts < HOT_ABORTS_MIN) continue;
      assert(slot.length === 32, 'a slot has 32 bytes');
      this.#hotSlots.set(slotKey(address, slot), true);
    }
  }
}
