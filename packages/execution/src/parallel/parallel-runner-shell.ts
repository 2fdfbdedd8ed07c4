/** Owns the shared memory of a chain's parallel execution and the threads on it. */
import type { Worker } from 'node:worker_threads';
import {
  createEvm,
  createVersionedMemory,
  type Fork,
  planSharedMemory,
  type SharedMemoryPlan,
  type TierDifference,
  type TierOptions,
  type VersionedEngine,
  type VersionedMemory,
  versionedEngine,
} from '@basalt/evm';
import type { ExecutionJob } from '../executor/types.ts';
import { poolBytes } from './control.ts';
import type {
  CompiledMessage,
  CompileMessage,
  DifferenceMessage,
  ExecutionPayload,
  ExecutionSetup,
} from './execution-messages.ts';
import { PARALLEL_TRANSACTIONS_MAX } from './limits.ts';
import { type PoolRun, WorkerPool } from './pool-shell.ts';
import { SharedCompile } from './shared-compile-shell.ts';
import { TransactionWriter } from './transaction-codec.ts';

export interface ParallelRunnerOptions {
  readonly workers: number;
  readonly engine: 'interpreter' | 'tiered';
  readonly tier: TierOptions;
  readonly hashSeed: bigint;
  /** For tests: pauses between the parts of tasks are drawn from it. */
  readonly scheduleSeed?: number | undefined;
  /** For tests: another worker's module. */
  readonly workerFile?: URL | undefined;
}

interface Parts {
  readonly plan: SharedMemoryPlan;
  readonly memory: VersionedMemory;
  /** Threads start with the first block that runs on them. */
  pool: WorkerPool<ExecutionSetup, ExecutionPayload> | undefined;
  /** The calling thread's engine, behind those of the workers. */
  own: { readonly fork: Fork; readonly engine: Promise<VersionedEngine> } | undefined;
}

const WORKER_FILE = new URL('./execution-worker-shell.ts', import.meta.url);

export class ParallelRunner {
  readonly #options: ParallelRunnerOptions;
  readonly #compile: SharedCompile;
  readonly #writer = new TransactionWriter();
  #parts: Parts | undefined;
  #blocks = 0;

  constructor(options: ParallelRunnerOptions) {
    this.#options = options;
    this.#compile = new SharedCompile(options.tier.compile);
  }

  /** Base values and versions; made anew, empty, after a thread was lost. */
  get memory(): VersionedMemory {
    return this.#ready().memory;
  }

  /**
   * Runs a block's transactions in parallel; `memory.beginBlock` comes first.
   *
   * @returns `undefined` for transactions that can not be handed over
   * @throws what the job's state throws
   */
  async run(job: ExecutionJob, predecessors: Int32Array): Promise<PoolRun | undefined> {
    const transactions = this.#writer.write(job.transactions);
    if (transactions === undefined) return undefined;
    const parts = this.#ready();
    parts.pool ??= this.#startPool(parts.plan);
    const { fork, environment, state, blockHash, blobGasLimit } = job;
    const { scheduleSeed } = this.#options;
    this.#blocks++;
    return parts.pool.run({
      count: job.transactions.length,
      payload: {
        fork,
        environment,
        space: { gas: environment.gasLimit, blobGas: blobGasLimit },
        transactions,
      },
      hints: predecessors,
      state: {
        readAccount: (address) => state.readAccount(address),
        readStorage: (address, slot) => state.readStorage(address, slot),
        readCode: (codeHash) => state.readCode(codeHash),
        hasStorage: (address) => state.hasStorage(address),
        blockHash,
      },
      scheduleSeed: scheduleSeed === undefined ? undefined : scheduleSeed + this.#blocks * 1_000,
    });
  }

  /** The calling thread's engine on the memory, for blocks that run in order. */
  ownEngine(fork: Fork): Promise<VersionedEngine> {
    const parts = this.#ready();
    if (parts.own?.fork !== fork) {
      const { workers, engine, tier, hashSeed } = this.#options;
      const shared = { plan: parts.plan, engine: workers };
      const made = createEvm({ fork, shared, engine, tier, hashSeed });
      parts.own = { fork, engine: made.then(versionedEngine) };
    }
    return parts.own.engine;
  }

  /** Ends the threads and lets go of the memory. The runner makes both anew when it is used. */
  async close(): Promise<void> {
    const parts = this.#parts;
    this.#parts = undefined;
    await parts?.pool?.close();
  }

  #ready(): Parts {
    if (this.#parts !== undefined) return this.#parts;
    const { workers, hashSeed } = this.#options;
    const plan = planSharedMemory({
      // One more for the calling thread.
      engines: workers + 1,
      hashSeed,
      versioned: { transactions: PARALLEL_TRANSACTIONS_MAX },
      extraBytes: poolBytes(workers, PARALLEL_TRANSACTIONS_MAX),
    });
    this.#parts = { plan, memory: createVersionedMemory(plan), pool: undefined, own: undefined };
    return this.#parts;
  }

  #startPool(plan: SharedMemoryPlan): WorkerPool<ExecutionSetup, ExecutionPayload> {
    const { workers, engine, tier, hashSeed, workerFile = WORKER_FILE } = this.#options;
    const { compile: _, onDifference, ...plain } = tier;
    return new WorkerPool<ExecutionSetup, ExecutionPayload>({
      workerFile,
      workers,
      memory: plan.memory,
      controlAt: plan.extraAt,
      transactions: PARALLEL_TRANSACTIONS_MAX,
      setup: { plan, engine, tier: plain, hashSeed },
      onMessage: (worker, message) => this.#receive(worker, message, onDifference),
    });
  }

  #receive(
    worker: Worker,
    message: { readonly kind: string },
    onDifference: ((difference: TierDifference) => void) | undefined,
  ): void {
    if (message.kind === 'difference') {
      onDifference?.((message as DifferenceMessage).difference);
      return;
    }
    if (message.kind !== 'compile') return;
    const { id, job } = message as CompileMessage;
    void this.#compile.run(job).then((compiled) => {
      const answer: CompiledMessage = { kind: 'compiled', id, compiled };
      worker.postMessage(answer);
    });
  }
}
