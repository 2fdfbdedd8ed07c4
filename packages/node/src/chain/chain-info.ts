import type { Fork } from '@basalt/evm';
import type { DevnetAccount } from '@basalt/execution';
import type { NamespaceId } from '@basalt/protocol';

/** What a person needs to know of the chain that a node runs. */
export interface ChainInfo {
  /** Of its JSON-RPC: HTTP and WebSocket. */
  readonly rpcUrl: string;
  readonly chainId: bigint;
  /** Rules that hold now. */
  readonly fork: Fork;
  readonly gasLimit: bigint;
  /** Number of the newest block at the start. */
  readonly head: number;
  /** True where this start founded the chain. */
  readonly isNew: boolean;
  /** The chain's log in the ledger. */
  readonly namespace: NamespaceId;
  readonly workers: number;
  readonly engine: 'interpreter' | 'tiered';
  /** undefined: the blocks of others, imported. */
  readonly devnet: DevnetInfo | undefined;
}

/** What a developer gets. */
export interface DevnetInfo {
  readonly accounts: readonly DevnetAccount[];
  readonly faucet: DevnetAccount;
  readonly mnemonic: string;
  /** Ether that each account had in the genesis block. */
  readonly balanceEther: number;
  /** 0: a block with each transaction. */
  readonly blockTimeMs: number;
  readonly seed: string | undefined;
}
