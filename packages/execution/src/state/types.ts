import type { Account, AccountChange } from '@basalt/evm';
import type { ValueCacheControl } from './value-cache.ts';

/**
 * The state after one block, read synchronously. Addresses are 20 bytes, slots and hashes 32.
 * Answers do not change while the caller holds it, until the block leaves the window or is undone.
 */
export interface StateView {
  readonly number: number;
  readAccount(address: Uint8Array): Account | undefined;
  /** 32 bytes; zero for a slot that was never written. */
  readStorage(address: Uint8Array, slot: Uint8Array): Uint8Array;
  readCode(codeHash: Uint8Array): Uint8Array;
  /** True when the account has any slot that is not zero. */
  hasStorage(address: Uint8Array): boolean;
}

/** As `eth_getProof` gives it (EIP-1186). */
export interface AccountProof {
  readonly address: Uint8Array;
  /** undefined: the proof shows that there is no such account. */
  readonly account: Account | undefined;
  readonly storageRoot: Uint8Array;
  /** Encoded nodes from the root down. */
  readonly nodes: readonly Uint8Array[];
  readonly storage: readonly StorageProof[];
}

export interface StorageProof {
  readonly slot: Uint8Array;
  /** 32 bytes. */
  readonly value: Uint8Array;
  readonly nodes: readonly Uint8Array[];
}

/** What a set of changes makes of the head state; nothing is kept until it is committed. */
export interface StagedState {
  readonly parent: number;
  /** State root, 32 bytes. */
  readonly root: Uint8Array;
}

/**
 * All accounts of a chain: flat values for execution and a Merkle-Patricia trie for roots and
 * proofs, with what it takes to read, prove and undo the blocks of a window.
 *
 * Commits are visible at once and durable in order, a while later: the chain's log is what survives
 * a crash first, and `durableNumber` says from which block it has to be replayed.
 */
export interface WorldState {
  /** The newest block. -1: nothing, not even a genesis. */
  readonly number: number;
  readonly root: Uint8Array;
  /** Oldest block that can be read, proven and rewound to. */
  readonly oldest: number;
  readonly durableNumber: number;
  /** Of accounts and slots at the head. */
  readonly valueCache: ValueCacheControl;
  head(): StateView;
  /** undefined: outside of the window. */
  at(number: number): StateView | undefined;
  /** @throws ExecutionError `unknown-state` outside of the window */
  prove(number: number, address: Uint8Array, slots: readonly Uint8Array[]): AccountProof;
  /**
   * Root after one more block. In order: a change of an account that comes later wins, and slots
   * add up. Does not change what `head` shows; several may be staged on one head, one committed.
   */
  stage(changes: readonly AccountChange[]): StagedState;
  /**
   * State root with changes on top of an older block, or of the head; nothing is kept.
   * @throws ExecutionError `unknown-state` outside of the window
   */
  rootAfter(number: number, changes: readonly AccountChange[]): Uint8Array;
  /**
   * Makes it the new head. `blockHash` is kept beside it.
   * @throws ExecutionError `stale-state` when the head has moved since it was staged
   */
  commit(staged: StagedState, blockHash: Uint8Array): void;
  blockHash(number: number): Uint8Array | undefined;
  /**
   * Undoes every block above `number`.
   * @throws ExecutionError `unknown-state` outside of the window
   */
  rewind(number: number): void;
  /** Resolves when everything committed so far is durable. */
  flush(): Promise<void>;
  stats(): StateStats;
  close(): Promise<void>;
}

export interface StateStats {
  readonly accounts: number;
  readonly slots: number;
  readonly trieNodesCached: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly diskBytes: number;
}
