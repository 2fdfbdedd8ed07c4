/** ethers, seen from the tests: only what they use of it. */
import { loadClient } from '../../../../../tools/testing/clients.ts';
import type { Hex } from './accounts.ts';

export interface EthersReceipt {
  readonly status: number | null;
  readonly hash: Hex;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly gasUsed: bigint;
  readonly gasPrice: bigint;
  readonly contractAddress: Hex | null;
  readonly logs: readonly EthersLog[];
}

export interface EthersLog {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly fragment?: { readonly name: string };
  readonly args?: readonly unknown[];
}

export interface EthersResponse {
  readonly hash: Hex;
  readonly type: number;
  readonly nonce: number;
  wait(confirmations?: number, timeoutMs?: number): Promise<EthersReceipt | null>;
}

export interface EthersMethod {
  (...args: readonly unknown[]): Promise<unknown>;
  staticCall(...args: readonly unknown[]): Promise<unknown>;
  estimateGas(...args: readonly unknown[]): Promise<bigint>;
  send(...args: readonly unknown[]): Promise<EthersResponse>;
}

export interface EthersContract {
  readonly filters: Readonly<Record<string, (...args: readonly unknown[]) => object>>;
  connect(runner: EthersSigner | EthersProvider): EthersContract;
  getAddress(): Promise<Hex>;
  getFunction(name: string): EthersMethod;
  waitForDeployment(): Promise<EthersContract>;
  queryFilter(filter: object, from?: number, to?: number): Promise<readonly EthersLog[]>;
  on(event: string, listener: (...args: readonly unknown[]) => void): Promise<EthersContract>;
  removeAllListeners(): Promise<EthersContract>;
}

export interface EthersProvider {
  getNetwork(): Promise<{ readonly chainId: bigint }>;
  getBlockNumber(): Promise<number>;
  getBlock(block: number | string, prefetch?: boolean): Promise<EthersBlock | null>;
  getBalance(address: Hex, block?: number | string): Promise<bigint>;
  getFeeData(): Promise<{
    readonly gasPrice: bigint | null;
    readonly maxFeePerGas: bigint | null;
    readonly maxPriorityFeePerGas: bigint | null;
  }>;
  getTransactionCount(address: Hex, block?: string): Promise<number>;
  getTransactionReceipt(hash: Hex): Promise<EthersReceipt | null>;
  getLogs(filter: object): Promise<readonly EthersLog[]>;
  getSigner(index: number): Promise<EthersSigner>;
  estimateGas(transaction: object): Promise<bigint>;
  call(transaction: object): Promise<Hex>;
  send(method: string, params: readonly unknown[]): Promise<unknown>;
  on(event: string | object, listener: (...args: readonly unknown[]) => void): Promise<unknown>;
  removeAllListeners(): Promise<unknown>;
  broadcastTransaction(signed: Hex): Promise<EthersResponse>;
  destroy(): Promise<void> | void;
}

export interface EthersBlock {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly transactions: readonly Hex[];
  readonly prefetchedTransactions: readonly { readonly hash: Hex; readonly from: Hex }[];
}

export interface EthersSigner {
  readonly address: Hex;
  getAddress(): Promise<Hex>;
  sendTransaction(transaction: object): Promise<EthersResponse>;
  signMessage(message: string): Promise<Hex>;
  signTypedData(domain: object, types: object, value: object): Promise<Hex>;
  signTransaction(transaction: object): Promise<Hex>;
  authorize(authorization: object): Promise<object>;
}

/** ethers throws errors with these. */
export interface EthersError extends Error {
  readonly code: string;
  readonly reason?: string | null;
  readonly data?: Hex | null;
  readonly revert?: { readonly name: string; readonly args: readonly unknown[] } | null;
}

interface Ethers {
  JsonRpcProvider: new (url: string, network?: unknown, options?: object) => EthersProvider;
  WebSocketProvider: new (url: string) => EthersProvider;
  Wallet: new (privateKey: Hex, provider: EthersProvider) => EthersSigner;
  NonceManager: new (signer: EthersSigner) => EthersSigner;
  ContractFactory: new (
    abi: readonly object[],
    bytecode: Hex,
    signer: EthersSigner,
  ) => { deploy(...args: readonly unknown[]): Promise<EthersContract> };
  Contract: new (
    address: Hex,
    abi: readonly object[],
    runner: EthersSigner | EthersProvider,
  ) => EthersContract;
  verifyMessage(message: string, signature: Hex): Hex;
  verifyTypedData(domain: object, types: object, value: object, signature: Hex): Hex;
  isCallException(error: unknown): error is EthersError;
  isError(error: unknown, code: string): error is EthersError;
}

/** Only after `clientsSkipReason` said that it is there. */
export function loadEthers(): Ethers {
  return loadClient('ethers') as Ethers;
}
