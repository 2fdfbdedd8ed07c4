import type { BlobSidecar, RecoveredTransaction } from '../transaction/types.ts';

/** Why a pool does not take a transaction; JSON-RPC has an error for each. */
export type PoolErrorCode =
  | 'malformed'
  | 'wrong-chain'
  | 'invalid-signature'
  | 'already-known'
  | 'nonce-too-low'
  | 'nonce-too-far'
  | 'underpriced'
  | 'replacement-underpriced'
  | 'insufficient-funds'
  | 'intrinsic-gas-too-low'
  | 'gas-limit-over-block'
  | 'oversize'
  | 'blobs-missing'
  | 'blob-proof'
  | 'sender-has-code'
  | 'pool-full'
  | 'invalid';

export interface PooledTransaction {
  readonly transaction: RecoveredTransaction;
  readonly sidecar: BlobSidecar | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly receivedMs: number;
  /** False: an earlier nonce of the sender is missing, or it can not pay yet. */
  readonly isExecutable: boolean;
}

export interface PoolStats {
  readonly pending: number;
  readonly queued: number;
  readonly bytes: number;
  readonly senders: number;
  readonly refused: Readonly<Partial<Record<PoolErrorCode, number>>>;
}

export interface PoolEvent {
  readonly kind: 'added' | 'dropped';
  readonly transaction: RecoveredTransaction;
  /** Of `dropped`: `included` when a block has it. */
  readonly reason?: 'included' | 'replaced' | 'evicted' | 'invalid' | 'removed';
}

/** Transactions that wait for a block. */
export interface Pool {
  /**
   * Checks and takes one transaction, given as `eth_sendRawTransaction` gets it: with its blobs,
   * where it has some. Resolves once it is in the pool.
   *
   * @returns the transaction as it was decoded
   * @throws ExecutionError with `code` a {@link PoolErrorCode}
   */
  add(raw: Uint8Array): Promise<RecoveredTransaction>;
  /** From a devnet's impersonated sender: no signature is asked for. */
  addUnsigned(transaction: RecoveredTransaction): void;
  /**
   * Best transactions for the next block, highest effective tip first with each sender's in order
   * of nonce, until `gas` is filled by their limits `overfill` times.
   */
  best(options: {
    readonly baseFee: bigint;
    readonly blobBaseFee: bigint | undefined;
    readonly gas: bigint;
    readonly overfill?: number;
  }): readonly RecoveredTransaction[];
  find(hash: Uint8Array): PooledTransaction | undefined;
  /** Nonce after the sender's executable transactions; undefined when it has none. */
  nextNonce(sender: Uint8Array): bigint | undefined;
  all(): readonly PooledTransaction[];
  /** Takes one out, or all where no hash is given. */
  remove(hash?: Uint8Array): boolean;
  /** The head is another: drops what is included or has become invalid, promotes the queued. */
  advance(included: readonly RecoveredTransaction[], senders?: readonly Uint8Array[]): void;
  subscribe(listener: (event: PoolEvent) => void): () => void;
  stats(): PoolStats;
  close(): Promise<void>;
}
