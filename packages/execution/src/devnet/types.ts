import type { Block } from '../block/types.ts';
import type { BlockAttributes, Chain } from '../chain/types.ts';
import type { Pool } from '../pool/types.ts';
import type { RecoveredTransaction } from '../transaction/types.ts';

/** When blocks are made. `instant`: with each transaction; `interval`: by the clock; `manual`. */
export type Mining =
  | { readonly mode: 'instant' }
  | { readonly mode: 'interval'; readonly intervalMs: number }
  | { readonly mode: 'manual' };

export interface DevnetAccount {
  readonly address: Uint8Array;
  /** 32 bytes; well known, never for anything of value. */
  readonly privateKey: Uint8Array;
}

/**
 * What Anvil and the Hardhat node let a developer do to a chain of their own. What is set holds
 * from the block after the one that is under way, in the order of the calls.
 */
export interface Devnet {
  readonly chain: Chain;
  /**
   * With instant mining `add` resolves once the blocks that it led to are there, so that what a
   * program sent is mined when it has its hash, as with the Hardhat node. What pays less than the
   * next block's base fee is `underpriced` then: it would wait in silence, and all behind it.
   */
  readonly pool: Pool;
  readonly accounts: readonly DevnetAccount[];
  /** Not one of the accounts; `send` and `sign` know it. */
  readonly faucet: DevnetAccount;
  mining(): Mining;
  setMining(mining: Mining): void;
  /**
   * Makes blocks now; `intervalSeconds` lie between them. Others have their turn between two.
   *
   * @param isWanted asked before each block; false: that is enough
   * @throws ExecutionError `invalid` for more than `MINE_BLOCKS_MAX`
   */
  mine(
    blocks?: number,
    intervalSeconds?: number,
    isWanted?: () => boolean,
  ): Promise<readonly Block[]>;
  /** What the next block would be made with now. */
  nextAttributes(): BlockAttributes;
  /** Resolves when no block is owed: those that instant mining or `mine` are to make are there. */
  settled(): Promise<void>;
  /** Number of the snapshot. */
  snapshot(): Promise<number>;
  /** False: no such snapshot. It and all later ones are gone afterwards. */
  revert(snapshot: number): Promise<boolean>;
  /** @throws ExecutionError `invalid` beyond `BALANCE_SET_MAX` */
  setBalance(address: Uint8Array, balance: bigint): Promise<void>;
  setCode(address: Uint8Array, code: Uint8Array): Promise<void>;
  setNonce(address: Uint8Array, nonce: bigint): Promise<void>;
  setStorageAt(address: Uint8Array, slot: Uint8Array, value: Uint8Array): Promise<void>;
  setCoinbase(address: Uint8Array): Promise<void>;
  /** @throws ExecutionError `invalid` for what no block can have: 5,000 to 2^63 - 1 */
  setBlockGasLimit(gas: bigint): Promise<void>;
  setNextBlockBaseFee(fee: bigint): Promise<void>;
  /** Of the next block alone. */
  setPrevRandao(value: Uint8Array): Promise<void>;
  /** @returns the offset from the clock, in seconds */
  increaseTime(seconds: bigint): Promise<bigint>;
  /** @throws ExecutionError `invalid` not after the newest block, or beyond `BLOCK_TIME_MAX` */
  setNextBlockTimestamp(timestamp: bigint): Promise<void>;
  /** Blocks to come are so many seconds apart; undefined: by the clock again. */
  setTimestampInterval(seconds: bigint | undefined): Promise<void>;
  setTime(timestamp: bigint): Promise<void>;
  impersonate(address: Uint8Array): void;
  stopImpersonating(address: Uint8Array): void;
  setAutoImpersonate(isOn: boolean): void;
  /** May `eth_sendTransaction` send from it: an own account or an impersonated one. */
  canSend(address: Uint8Array): boolean;
  /**
   * Signs with an own account's key, or makes an unsigned transaction of an impersonated one.
   *
   * @throws ExecutionError with a `PoolErrorCode`; `underpriced` as well where instant mining could
   *   not make a block of it
   */
  send(request: UnsignedRequest): Promise<RecoveredTransaction>;
  /**
   * 65 bytes: r, s, 27 or 28.
   * @throws ExecutionError `invalid` when there is no key of that address here
   */
  sign(address: Uint8Array, digest: Uint8Array): Uint8Array;
  dropTransaction(hash: Uint8Array): boolean;
  /** Back to the genesis block. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** A transaction as `eth_sendTransaction` gets it, with every field filled in. */
export interface UnsignedRequest {
  readonly fields: RecoveredTransaction['fields'];
  readonly from: Uint8Array;
  /** True: not the nonce of `fields`, but the next of the sender when its turn comes. */
  readonly takesNextNonce?: boolean;
}
