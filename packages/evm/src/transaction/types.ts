import type { AccessListEntry, AccountChange, Log, ReadSet } from '../types.ts';

interface CommonFields {
  /** 20 bytes; recovered from the signature by whoever decoded the transaction. */
  readonly sender: Uint8Array;
  /** Nobody signed it: a devnet impersonates the sender, who may then have code (EIP-3607). */
  readonly isUnsigned?: true;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** 20 bytes; undefined creates a contract. */
  readonly to: Uint8Array | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
}

interface GasPriceFields {
  readonly gasPrice: bigint;
}

interface FeeMarketFields {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  readonly accessList: readonly AccessListEntry[];
}

/** Type 0. */
export interface LegacyTransaction extends CommonFields, GasPriceFields {
  readonly type: 0;
}

/** Type 1, EIP-2930. */
export interface AccessListTransaction extends CommonFields, GasPriceFields {
  readonly type: 1;
  readonly accessList: readonly AccessListEntry[];
}

/** Type 2, EIP-1559. */
export interface FeeMarketTransaction extends CommonFields, FeeMarketFields {
  readonly type: 2;
}

/** Type 3, EIP-4844; the blobs themselves are no part of it. */
export interface BlobTransaction extends CommonFields, FeeMarketFields {
  readonly type: 3;
  readonly maxFeePerBlobGas: bigint;
  /** 32 bytes each. */
  readonly blobHashes: readonly Uint8Array[];
}

/** Type 4, EIP-7702. */
export interface SetCodeTransaction extends CommonFields, FeeMarketFields {
  readonly type: 4;
  readonly authorizations: readonly Authorization[];
}

export interface Authorization {
  /** 0 holds on every chain. */
  readonly chainId: bigint;
  /** 20 bytes; the code to run. All zero takes a delegation back. */
  readonly address: Uint8Array;
  readonly nonce: bigint;
  /** 20 bytes, recovered by `recoverAuthority`; undefined when the signature is invalid. */
  readonly authority: Uint8Array | undefined;
}

export type Transaction =
  | LegacyTransaction
  | AccessListTransaction
  | FeeMarketTransaction
  | BlobTransaction
  | SetCodeTransaction;

/** Why a transaction can not be part of a block. */
export type TransactionErrorCode =
  | 'type-not-in-fork'
  | 'malformed'
  | 'intrinsic-gas-too-low'
  | 'gas-limit-over-maximum'
  | 'gas-limit-over-block'
  | 'init-code-size'
  | 'priority-fee-over-maximum-fee'
  | 'maximum-fee-below-base-fee'
  | 'blobs-missing'
  | 'blob-version'
  | 'blob-count'
  | 'blob-gas-over-block'
  | 'blob-fee-below-base-fee'
  | 'blob-creates-contract'
  | 'authorizations-missing'
  | 'authorization-creates-contract'
  | 'nonce-too-low'
  | 'nonce-too-high'
  | 'nonce-overflow'
  | 'insufficient-funds'
  | 'sender-has-code';

export interface TransactionError {
  readonly code: TransactionErrorCode;
  /** For a person: what is wrong, with the figures. */
  readonly message: string;
}

/** The transaction is not valid here: nothing changes and nothing is paid. */
export interface RefusedTransaction {
  readonly included: false;
  readonly error: TransactionError;
  readonly reads: ReadSet;
}

/** The transaction ran, with success or without; what a receipt and a state need of it. */
export interface IncludedTransaction {
  readonly included: true;
  /** Status of the receipt. */
  readonly succeeded: boolean;
  /** What ended the outermost frame; undefined when it succeeded. */
  readonly halt: string | undefined;
  /** After refunds, what the sender pays for. */
  readonly gasUsed: bigint;
  /** Refund given, after the fork's cap. */
  readonly gasRefunded: bigint;
  /** Price of a unit of gas that the sender paid. */
  readonly effectiveGasPrice: bigint;
  readonly blobGasUsed: bigint;
  readonly output: Uint8Array;
  /** 20 bytes, of a transaction that creates and succeeds. */
  readonly created: Uint8Array | undefined;
  readonly logs: readonly Log[];
  readonly changes: readonly AccountChange[];
  readonly reads: ReadSet;
}

export type TransactionResult = IncludedTransaction | RefusedTransaction;
