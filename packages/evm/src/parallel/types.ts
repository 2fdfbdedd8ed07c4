import type { MemorySizes } from '../evm.ts';
import type { IncludedTransaction, RefusedTransaction, Transaction } from '../transaction/types.ts';
import type { BlockSpace } from '../transaction/validate.ts';
import type { AccountChange, BlockEnvironment, StateReader } from '../types.ts';

/** How much a shared memory holds beside its engines. */
export interface VersionedMemorySizes {
  /** Accounts and slots with a base value or a version; a hash table at most half full. */
  readonly cells: number;
  /** Transactions of one block. */
  readonly transactions: number;
  /** Bytes of versions, read sets, logs and new code of one block, all incarnations together. */
  readonly blockBytes: number;
}

/**
 * Where everything lies in one shared memory. Plain data: it goes to worker threads by
 * `postMessage`, and each attaches its own engine.
 */
export interface SharedMemoryPlan {
  readonly memory: WebAssembly.Memory;
  /** Base address of each engine. */
  readonly engines: readonly number[];
  readonly engineSizes: MemorySizes;
  readonly versionedAt: number;
  readonly versionedBytes: number;
  /** Asked for by the caller, for its own use (a scheduler). */
  readonly extraAt: number;
  readonly extraBytes: number;
}

/** What came of running one incarnation of a transaction. */
export type Incarnation =
  /** A value that it needs is about to be written again by a lower transaction. */
  | { readonly status: 'blocked'; readonly by: number }
  /** Its writes and reads are recorded. */
  | { readonly status: 'executed'; readonly wroteNewLocation: boolean };

/**
 * One thread's hands on the multi-version memory of a block (Block-STM, Gelashvili et al. 2022).
 * Calls for different transactions may run on different threads at once; those for one transaction
 * may not.
 */
export interface VersionedEngine {
  /**
   * Runs a transaction on what lower transactions wrote so far, and below that on base values:
   * those in shared memory first, then `state`, whose answers are kept as base values. A
   * transaction that is refused (its nonce too high, say, because a lower one has not run) is
   * executed: it wrote nothing, and its reads say when it has to run again.
   *
   * @param block must stay as it is as long as it is given: it is known by its identity
   * @throws EvmError `memory-bound` when cells or room of the block are used up, or the transaction
   *   needs more than the engine has; the block has to run in another way. What `state` throws is
   *   thrown on.
   */
  execute(
    index: number,
    incarnation: number,
    transaction: Transaction,
    block: BlockEnvironment,
    state: StateReader,
    space: BlockSpace,
  ): Incarnation;
  /** Reads of the last incarnation give the same values now, and none is an estimate. */
  validate(index: number): boolean;
  /** Writes of the last incarnation become estimates: whoever reads one waits. */
  markEstimates(index: number): void;
}

/** What a transaction left, once it is valid for good: what a receipt needs of it. */
export type VersionedResult =
  | Pick<
      IncludedTransaction,
      | 'included'
      | 'succeeded'
      | 'gasUsed'
      | 'effectiveGasPrice'
      | 'blobGasUsed'
      | 'created'
      | 'logs'
    >
  | Pick<RefusedTransaction, 'included' | 'error'>;

/** The coordinator's side: between blocks, when no engine runs. */
export interface VersionedMemory {
  /**
   * Empties versions, keeps base values.
   *
   * @throws EvmError `memory-bound` for more transactions than planned
   */
  beginBlock(transactions: number): void;
  /** @throws EvmError `bad-request` for a transaction that has not run */
  result(index: number): VersionedResult;
  /** All changes of transactions 0 to `count` - 1 against the base, one entry an account. */
  changes(count: number): AccountChange[];
  /** Makes the values after `count` transactions the base values. */
  commit(count: number): void;
  /** Changes from elsewhere, or of a block that ran on another engine: base values follow. */
  applyToBase(changes: readonly AccountChange[]): void;
  /**
   * Values that engines will ask for become base values before they do. At most as many accounts
   * and slots as `stats` says there is room for.
   */
  addToBase(values: readonly AccountChange[]): void;
  /** Forgets all base values. */
  clear(): void;
  /** Aborts a location has caused in this block, most first. */
  hotKeys(limit: number): {
    readonly address: Uint8Array;
    readonly slot: Uint8Array | undefined;
    readonly aborts: number;
  }[];
  stats(): { readonly cells: number; readonly cellsMax: number; readonly blockBytesUsed: number };
}
