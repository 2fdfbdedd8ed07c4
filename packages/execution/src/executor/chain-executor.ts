/**
 * Runs blocks on a memory of versions that keeps base values from block to block: in parallel over
 * worker threads (Block-STM: transactions run in any order, those that read too early run again) or
 * in order on the calling thread, with one outcome.
 */
import type { AccountChange, TierOptions } from '@basalt/evm';
import { ExecutionError } from '../errors.ts';
import { PARALLEL_TRANSACTIONS_MAX } from '../parallel/limits.ts';
import { ParallelRunner } from '../parallel/parallel-runner-shell.ts';
import { assembleRun } from './assemble.ts';
import { BaseValues } from './base-values.ts';
import { createBlockState } from './block-state.ts';
import { ByteTable } from './byte-table.ts';
import { createEngines, type Engines, LARGEST_MEMORY } from './engines.ts';
import { type BlockHints, findHints, slotKey } from './hints.ts';
import { type ModeChoice, ModeChooser } from './mode-chooser.ts';
import { runInOrder } from './ordered.ts';
import { runSequential, type SequentialStart, sumOf } from './sequential.ts';
import type {
  BlockExecutor,
  ExecutedBlock,
  ExecutionJob,
  ExecutionStatistics,
  HotKey,
  ModePolicy,
  ModeState,
} from './types.ts';

export interface ChainExecutorOptions {
  readonly workers: number;
  readonly engine: 'interpreter' | 'tiered';
  readonly tier: TierOptions;
  readonly hashSeed: bigint;
  readonly nowMs: () => number;
  readonly onWorkerLost: (reason: string) => void;
  /** False: every block that can runs in parallel. */
  readonly isAdaptive: boolean;
  readonly scheduleSeed: number | undefined;
  readonly workerFile: URL | undefined;
}

type Fallback = ExecutionStatistics['fallback'];

const HOT_KEYS_MAX = 8;
/** Aborts in one block that make a slot worth a hint. */
const HOT_ABORTS_MIN = 2;
/** Slots that are remembered as hot; then the table begins anew. */
const HOT_SLOTS_MAX = 1_024;

const SEQUENTIAL: Pick<
  ExecutionStatistics,
  'mode' | 'workers' | 'validations' | 'aborts' | 'suspensions' | 'hotKeys'
> = {
  mode: 'sequential',
  workers: 1,
  validations: 0,
  aborts: 0,
  suspensions: 0,
  hotKeys: [],
};

export class ChainExecutor implements BlockExecutor {
  readonly workers: number;
  readonly #options: ChainExecutorOptions;
  readonly #runner: ParallelRunner;
  /** With private memory, for what does not fit into the shared one. */
  readonly #engines: Engines;
  readonly #base = new BaseValues();
  readonly #chooser = new ModeChooser();
  #hotSlots = new ByteTable<true>();
  /** Blocks run one at a time, in the order of the calls. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: ChainExecutorOptions) {
    this.#options = options;
    this.workers = options.workers;
    this.#runner = new ParallelRunner(options);
    const { engine, tier, hashSeed } = options;
    this.#engines = createEngines({ engine, tier, hashSeed, memory: LARGEST_MEMORY });
  }

  execute(job: ExecutionJob): Promise<ExecutedBlock> {
    const block = this.#last.then(() => this.#execute(job));
    this.#last = block.catch(() => undefined);
    return block;
  }

  applyChanges(changes: readonly AccountChange[]): void {
    if (changes.length > 0) this.#runner.memory.applyToBase(changes);
  }

  setModePolicy(policy: ModePolicy): void {
    this.#chooser.policy = policy;
  }

  modeState(): ModeState {
    const state = this.#chooser.state();
    return this.workers === 1 ? { ...state, mode: 'sequential' } : state;
  }

  forgetState(): void {
    this.#runner.memory.clear();
    this.#base.forget();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
    await this.#runner.close();
  }

  // Life of a transaction, 10.
  async #execute(job: ExecutionJob): Promise<ExecutedBlock> {
    if (this.#isClosed) throw new ExecutionError('closed', 'the executor was closed');
    if (job.transactions.length > PARALLEL_TRANSACTIONS_MAX) {
      return this.#runPlain(job, 'memory-bound');
    }
    let hints: BlockHints | undefined;
    const hintsOnce = (): BlockHints => {
      hints ??= findHints(job.transactions, this.#hotSlots);
      return hints;
    };
    const choice = this.#choose(job, hintsOnce);
    if (choice.mode === 'sequential') return this.#runInOrder(job, choice.reason);
    const block = await this.#runParallel(job, hintsOnce());
    if (block === 'memory-bound') return this.#runPlain(job, block);
    return typeof block === 'string' ? this.#runInOrder(job, block) : block;
  }

  #choose({ transactions }: ExecutionJob, hints: () => BlockHints): ModeChoice {
    if (!this.#options.isAdaptive) return { mode: 'parallel' };
    if (this.workers === 1) return { mode: 'sequential', reason: 'one-worker' };
    return this.#chooser.choose({
      transactions: transactions.length,
      get speedupBound() {
        return hints().speedupBound;
      },
    });
  }

  async #runInOrder(job: ExecutionJob, fallback: Fallback): Promise<ExecutedBlock> {
    const { nowMs } = this.#options;
    const engine = await this.#runner.ownEngine(job.fork);
    const { memory } = this.#runner;
    const startMs = nowMs();
    const run = runInOrder(engine, memory, job);
    if (run === undefined) return this.#runPlain(job, 'memory-bound');
    const { results, misses } = run;
    const changes = memory.changes(results.length);
    memory.commit(results.length);
    const statistics: ExecutionStatistics = {
      ...SEQUENTIAL,
      fallback,
      executions: results.length,
      misses,
      durationMs: nowMs() - startMs,
    };
    this.#chooser.recordInOrder(results.length, statistics.durationMs);
    return { results, ...sumOf(results), changes, statistics };
  }

  /** @returns the reason when the block must run in another way */
  async #runParallel(
    job: ExecutionJob,
    { predecessors }: BlockHints,
  ): Promise<ExecutedBlock | 'memory-bound' | 'worker-lost'> {
    const { nowMs } = this.#options;
    const { memory } = this.#runner;
    const startMs = nowMs();
    this.#base.prefetch(job, memory);
    memory.beginBlock(job.transactions.length);
    const run = await this.#runner.run(job, predecessors);
    const ranMs = nowMs();
    if (run === undefined || run.outcome === 'memory-bound') return 'memory-bound';
    if (run.outcome !== 'done') {
      // A lost thread may have held a lock of the memory: that goes with the other threads.
      await this.#runner.close();
      this.#base.forget();
      this.#chooser.recordLoss();
      this.#options.onWorkerLost(run.message);
      return 'worker-lost';
    }
    const hotKeys = memory.hotKeys(HOT_KEYS_MAX);
    this.#learn(hotKeys);
    const { results, count, mustGoOn } = assembleRun(job, memory);
    const changes = memory.changes(count);
    if (mustGoOn) return this.#goOn(job, results, changes);
    memory.commit(count);
    const endMs = nowMs();
    const statistics: ExecutionStatistics = {
      mode: 'parallel',
      fallback: undefined,
      workers: this.workers,
      ...run.statistics,
      misses: run.misses,
      hotKeys,
      durationMs: endMs - startMs,
    };
    const transactions = job.transactions.length;
    const { busyMs } = run;
    this.#chooser.recordParallel({ statistics, transactions, busyMs, afterMs: endMs - ranMs });
    return { results, ...sumOf(results), changes, statistics };
  }

  /** The rest of a block, one after another, on what the parallel run left below it. */
  #goOn(
    job: ExecutionJob,
    results: ExecutedBlock['results'],
    changes: readonly AccountChange[],
  ): Promise<ExecutedBlock> {
    const state = createBlockState(job.state, job.blockHash);
    state.apply(changes);
    return this.#runPlain(job, 'conflict', { results, state });
  }

  async #runPlain(
    job: ExecutionJob,
    fallback: Fallback,
    start?: SequentialStart,
  ): Promise<ExecutedBlock> {
    const { nowMs } = this.#options;
    const evm = await this.#engines.get(job.fork);
    const startMs = nowMs();
    const { results, gasUsed, blobGasUsed, state } = runSequential(evm, job, start);
    const changes = state.changes();
    const statistics: ExecutionStatistics = {
      ...SEQUENTIAL,
      fallback,
      executions: results.length,
      misses: state.misses,
      durationMs: nowMs() - startMs,
    };
    this.#base.add(state.contents(), this.#runner.memory);
    return { results, gasUsed, blobGasUsed, changes, statistics };
  }

  #learn(hotKeys: readonly HotKey[]): void {
    if (this.#hotSlots.size > HOT_SLOTS_MAX) this.#hotSlots = new ByteTable<true>();
    for (const { address, slot, aborts } of hotKeys) {
      if (slot === undefined || aborts < HOT_ABORTS_MIN) continue;
      this.#hotSlots.set(slotKey(address, slot), true);
    }
  }
}
