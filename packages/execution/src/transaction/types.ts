import type { SetCodeTransaction, SignedAuthorization, Transaction } from '@basalt/evm';

/** Over a union each member loses the key by itself. Authorizations stand as they were signed. */
type WithoutSender<T> = T extends SetCodeTransaction
  ? Omit<T, 'sender' | 'isUnsigned' | 'authorizations'> & {
      readonly authorizations: readonly SignedAuthorization[];
    }
  : T extends unknown
    ? Omit<T, 'sender' | 'isUnsigned'>
    : never;

/** What the sender signed, as the engine takes it; the sender is not known yet. */
export type TransactionFields = WithoutSender<Transaction>;

export interface TransactionSignature {
  readonly yParity: 0 | 1;
  readonly r: bigint;
  readonly s: bigint;
  /** As it stands in the encoding: yParity from type 1 on, 27, 28 or 35 + 2 chainId + yParity. */
  readonly v: bigint;
}

/** A transaction as it was decoded; nothing about it was checked beyond its form. */
export interface SignedTransaction {
  /** EIP-2718 encoding as it stands in blocks: of a blob transaction without its blobs. */
  readonly raw: Uint8Array;
  /** keccak-256 of `raw`, 32 bytes. */
  readonly hash: Uint8Array;
  readonly fields: TransactionFields;
  /** undefined: a legacy transaction that holds on every chain (before EIP-155). */
  readonly chainId: bigint | undefined;
  readonly signature: TransactionSignature;
}

/** With the sender recovered from its signature; what pools and blocks hold. */
export interface RecoveredTransaction extends SignedTransaction {
  /** 20 bytes. */
  readonly sender: Uint8Array;
  /** The same, in the form that `transact` takes. */
  readonly transaction: Transaction;
}

/** Blobs of one transaction on their way to a pool (EIP-4844, EIP-7594 for version 1). */
export interface BlobSidecar {
  /** 0: one proof a blob; 1: 128 cell proofs a blob. */
  readonly version: 0 | 1;
  /** 131,072 bytes each. */
  readonly blobs: readonly Uint8Array[];
  /** 48 bytes each. */
  readonly commitments: readonly Uint8Array[];
  /** 48 bytes each. */
  readonly proofs: readonly Uint8Array[];
}
