import type {
  AccountChange,
  BlockEnvironment,
  Fork,
  Transaction,
  VersionedResult,
} from '@basalt/evm';
import type { StateView } from '../state/types.ts';

/** What a transaction left, in order. */
export type ExecutedTransaction = VersionedResult;

export interface ExecutionJob {
  readonly fork: Fork;
  readonly environment: BlockEnvironment;
  /** The state that the first transaction finds. */
  readonly state: StateView;
  /** Hash of one of the 256 blocks before; zero for any other number. */
  readonly blockHash: (number: bigint) => Uint8Array;
  readonly transactions: readonly Transaction[];
  readonly blobGasLimit: bigint;
  /**
   * `import`: the first transaction that can not be included ends the block. `build`: it is left
   * out and the next is tried; the first that no longer fits into the block's gas ends it.
   */
  readonly purpose: 'import' | 'build';
}

export interface ExecutedBlock {
  /** One for each transaction up to the last that was looked at. */
  readonly results: readonly ExecutedTransaction[];
  readonly gasUsed: bigint;
  readonly blobGasUsed: bigint;
  /** All changes together, one entry an account. */
  readonly changes: readonly AccountChange[];
  readonly statistics: ExecutionStatistics;
}

export interface ExecutionStatistics {
  readonly mode: 'sequential' | 'parallel';
  /**
   * Why a block that could have run in parallel did not. `worker-lost`, also when a worker failed:
   * it was begun in parallel and begun anew. `by-hand`: an operator wants no threads.
   */
  readonly fallback:
    | 'one-worker'
    | 'short-block'
    | 'conflict'
    | 'by-hand'
    | 'memory-bound'
    | 'worker-lost'
    | undefined;
  readonly workers: number;
  readonly executions: number;
  readonly validations: number;
  readonly aborts: number;
  /** Executions that met an estimate and waited. */
  readonly suspensions: number;
  /** State reads that left shared memory. */
  readonly misses: number;
  /** Locations that caused most aborts, most first; at most 8. */
  readonly hotKeys: readonly HotKey[];
  readonly durationMs: number;
}

export interface HotKey {
  readonly address: Uint8Array;
  /** undefined: the account itself. */
  readonly slot: Uint8Array | undefined;
  readonly aborts: number;
}

/** Who decides whether a block runs on threads; `adaptive`: what blocks before it took. */
export type ModePolicy = 'adaptive' | 'sequential' | 'parallel';

/** What is believed of running blocks in parallel. */
export interface ModeState {
  /** Of the next block that is neither short nor known to be one long chain. */
  readonly mode: 'sequential' | 'parallel';
  /** One after another, as estimated, over in parallel, averaged; undefined: never measured. */
  readonly gain: number | undefined;
  /** Executions over transactions, averaged: above 1, conflicts made some run again. */
  readonly runsPerTransaction: number | undefined;
  /** Blocks before parallel is tried again; 0 where it is the mode. */
  readonly pauseBlocks: number;
}

/** Runs the transactions of blocks, on one thread or many, with one outcome. */
export interface BlockExecutor {
  readonly workers: number;
  execute(job: ExecutionJob): Promise<ExecutedBlock>;
  /**
   * Changes of the state that came from elsewhere, in their order between jobs: system calls,
   * withdrawals, rewards, interventions. The `state` of the job that follows shows them.
   */
  applyChanges(changes: readonly AccountChange[]): void;
  /** Applies from the next block; blocks that are too short for threads never get them. */
  setModePolicy(policy: ModePolicy): void;
  modeState(): ModeState;
  /** The state is another than the one that `execute` and `applyChanges` led to. */
  forgetState(): void;
  close(): Promise<void>;
}
