import type { AccountChange, BlockEnvironment, Fork } from '@basalt/evm';
import type { Block, BlockHeader, Receipt, Withdrawal } from '../block/types.ts';
import type { ExecutionStatistics } from '../executor/types.ts';
import type { AccountProof, StateView } from '../state/types.ts';
import type { RecoveredTransaction } from '../transaction/types.ts';

/** EIP-7840: what a fork, or a change of blob parameters alone, says of blobs. */
export interface BlobParameters {
  readonly target: number;
  readonly max: number;
  readonly baseFeeUpdateFraction: bigint;
}

/** Rules that hold at one block, with the fork's name for the engine. */
export interface ForkAt {
  readonly fork: Fork;
  /** undefined before Cancun. */
  readonly blobs: BlobParameters | undefined;
}

export interface ChainConfig {
  readonly chainId: bigint;
  /** Rules at a block; forks before Paris go by number, later ones by timestamp. */
  forkAt(number: bigint, timestamp: bigint): ForkAt;
  /** False: proof of work before Paris, with block rewards. */
  isProofOfStake(number: bigint, timestamp: bigint): boolean;
  /** Where deposits are logged (EIP-6110). */
  readonly depositContract: Uint8Array;
}

export interface Genesis {
  readonly config: ChainConfig;
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  readonly changes: readonly AccountChange[];
  /** The document it was read from, kept with the chain. */
  readonly source: unknown;
}

/**
 * Where the chain's blocks become durable and provable: a namespace of the ledger. Appends are in
 * order; `append` resolves when the entry is durable.
 */
export interface BlockLog {
  readonly length: number;
  append(payload: Uint8Array): Promise<{ readonly index: number }>;
  read(index: number): Promise<Uint8Array>;
}

export interface TransactionLocation {
  readonly blockNumber: number;
  readonly blockHash: Uint8Array;
  readonly index: number;
}

/** What a proposer decides about the next block. */
export interface BlockAttributes {
  readonly timestamp: bigint;
  readonly coinbase: Uint8Array;
  readonly gasLimit: bigint;
  readonly prevRandao: Uint8Array;
  readonly extraData?: Uint8Array;
  readonly parentBeaconBlockRoot?: Uint8Array;
  readonly withdrawals?: readonly Withdrawal[];
  /** In place of what EIP-1559 gives; a devnet may set it. */
  readonly baseFee?: bigint;
  /**
   * What running the transactions may take, as far as the blocks before can tell: so many of the
   * candidates are looked at. No bound where absent.
   */
  readonly timeBudgetMs?: number;
}

export interface BuiltBlock {
  readonly block: Block;
  readonly receipts: readonly Receipt[];
  readonly statistics: ExecutionStatistics;
  /** EIP-7685, type byte first, those without data left out; empty before Prague. */
  readonly requests: readonly Uint8Array[];
  /** Transactions that can not be included here, by hash in hex, with the reason. */
  readonly refused: ReadonlyMap<string, string>;
}

export interface ChainEvent {
  readonly kind: 'block' | 'rewind';
  /** The head now. */
  readonly block: Block;
  readonly receipts: readonly Receipt[];
  /** Of `rewind`: how many blocks count no more. */
  readonly removedCount: number;
  /** The newest of those, newest first, up to `REMOVED_BLOCKS_MAX`. */
  readonly removed: readonly { readonly block: Block; readonly receipts: readonly Receipt[] }[];
}

/**
 * A chain of Ethereum blocks with its state: builds, imports, keeps and finds them. One writer;
 * `propose`, `import`, `rewind` and `intervene` run one after another in the order of the calls.
 */
export interface Chain {
  readonly config: ChainConfig;
  readonly genesis: Genesis;
  head(): Block;
  /** Newest block that is durable in the log. */
  block(number: number): Promise<Block | undefined>;
  blockByHash(hash: Uint8Array): Promise<Block | undefined>;
  /** Numbers of the canonical chain only. */
  hashOf(number: number): Uint8Array | undefined;
  receipts(number: number): Promise<readonly Receipt[] | undefined>;
  locate(transactionHash: Uint8Array): TransactionLocation | undefined;
  /** State after a block, pending interventions included at the head. */
  stateAt(number: number): StateView | undefined;
  prove(number: number, address: Uint8Array, slots: readonly Uint8Array[]): AccountProof;
  /**
   * State root with these changes on top of a block (`eth_simulateV1`); nothing is kept.
   * @throws ExecutionError `unknown-state` outside of the window that is kept
   */
  rootAfter(number: number, changes: readonly AccountChange[]): Uint8Array;
  /** Environment in which a block's transactions ran, or in which those of the next would run. */
  environment(header: BlockHeader): BlockEnvironment;
  /** BLOCKHASH as seen from a block with this number on the canonical chain. */
  blockHashFor(number: bigint): (of: bigint) => Uint8Array;
  /** State before the first transaction of a block, its system calls carried out. */
  stateBefore(block: Block): Promise<StateView>;
  nextBaseFee(): bigint | undefined;
  /** Blob base fee of the block after the head; undefined before Cancun. */
  nextBlobBaseFee(timestamp: bigint): bigint | undefined;
  /** Builds the next block without keeping it. */
  build(
    candidates: readonly RecoveredTransaction[],
    attributes: BlockAttributes,
  ): Promise<BuiltBlock>;
  /** Builds, appends to the log, keeps. Resolves when the block is durable. */
  propose(
    candidates: readonly RecoveredTransaction[],
    attributes: BlockAttributes,
  ): Promise<BuiltBlock>;
  /**
   * Runs a foreign block again and keeps it.
   * @throws ExecutionError `invalid-block` naming the first difference
   */
  import(block: Block): Promise<{ readonly receipts: readonly Receipt[] }>;
  /** Undoes every block above; the log keeps them and the fact. */
  rewind(number: number): Promise<void>;
  /**
   * Changes the head state by hand; the next block carries it. The changes are worked out when
   * their turn comes: what was read before says nothing of a block that is under way.
   *
   * @throws ExecutionError `oversize` for more than a payload has room for
   */
  intervene(changesOf: (head: StateView) => readonly AccountChange[]): Promise<void>;
  /** What was changed by hand since the newest block, in order. */
  interventions(): readonly AccountChange[];
  /** Place of a block in the log. */
  logIndexOf(number: number): number | undefined;
  subscribe(listener: (event: ChainEvent) => void): () => void;
  close(): Promise<void>;
}
