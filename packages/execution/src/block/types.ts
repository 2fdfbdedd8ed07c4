import type { AccountChange, Log } from '@basalt/evm';
import type { RecoveredTransaction } from '../transaction/types.ts';

/**
 * Header of an Ethereum block (Yellow Paper, section 4.4, with the EIPs that added to it). Fields
 * that a fork does not have are undefined; they follow each other in the order given here.
 */
export interface BlockHeader {
  readonly parentHash: Uint8Array;
  readonly ommersHash: Uint8Array;
  /** Fee recipient, 20 bytes. */
  readonly coinbase: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly transactionsRoot: Uint8Array;
  readonly receiptsRoot: Uint8Array;
  /** 256 bytes. */
  readonly logsBloom: Uint8Array;
  readonly difficulty: bigint;
  readonly number: bigint;
  readonly gasLimit: bigint;
  readonly gasUsed: bigint;
  /** Seconds since the Unix epoch. */
  readonly timestamp: bigint;
  readonly extraData: Uint8Array;
  /** PREVRANDAO from Paris on. */
  readonly mixHash: Uint8Array;
  /** 8 bytes. */
  readonly nonce: Uint8Array;
  /** London, EIP-1559. */
  readonly baseFee: bigint | undefined;
  /** Shanghai, EIP-4895. */
  readonly withdrawalsRoot: Uint8Array | undefined;
  /** Cancun, EIP-4844 and EIP-4788. */
  readonly blobGasUsed: bigint | undefined;
  readonly excessBlobGas: bigint | undefined;
  readonly parentBeaconBlockRoot: Uint8Array | undefined;
  /** Prague, EIP-7685. */
  readonly requestsHash: Uint8Array | undefined;
}

/** EIP-4895. */
export interface Withdrawal {
  readonly index: bigint;
  readonly validatorIndex: bigint;
  readonly address: Uint8Array;
  /** In gwei. */
  readonly amount: bigint;
}

export interface Block {
  /** keccak-256 of the encoded header. */
  readonly hash: Uint8Array;
  readonly header: BlockHeader;
  readonly transactions: readonly RecoveredTransaction[];
  readonly ommers: readonly BlockHeader[];
  readonly withdrawals: readonly Withdrawal[] | undefined;
  /** Length of the RLP encoding. */
  readonly sizeBytes: number;
}

/** What a transaction left in its block; the consensus fields and those that follow from them. */
export interface Receipt {
  readonly type: number;
  readonly succeeded: boolean;
  /** Before Byzantium: state root after the transaction, where it is known. */
  readonly stateRoot: Uint8Array | undefined;
  readonly cumulativeGasUsed: bigint;
  readonly gasUsed: bigint;
  /** 256 bytes. */
  readonly bloom: Uint8Array;
  readonly logs: readonly Log[];
  readonly effectiveGasPrice: bigint;
  readonly created: Uint8Array | undefined;
  readonly blobGasUsed: bigint;
  readonly blobGasPrice: bigint;
}

/**
 * Changes of the state that no transaction made: what a developer asked of a devnet between two
 * blocks. They stand in the payload of the block that follows, so that the chain can be replayed.
 */
export type Intervention = AccountChange;
