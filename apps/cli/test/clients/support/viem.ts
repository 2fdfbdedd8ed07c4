/**
 * viem, seen from the tests: only what they use of it, as its own types are not there before it is
 * installed.
 */
import { loadClient } from '../../../../../tools/testing/clients.ts';
import { account, type Hex } from './accounts.ts';
import type { TestDevnet } from './devnet.ts';

export interface ViemReceipt {
  readonly status: 'success' | 'reverted';
  readonly type: string;
  readonly contractAddress: Hex | null;
  readonly transactionHash: Hex;
  readonly blockHash: Hex;
  readonly blockNumber: bigint;
  readonly gasUsed: bigint;
  readonly effectiveGasPrice: bigint;
  readonly blobGasUsed?: bigint;
  readonly blobGasPrice?: bigint;
  readonly logs: readonly ViemLog[];
}

export interface ViemLog {
  readonly address: Hex;
  readonly data: Hex;
  readonly topics: readonly Hex[];
  readonly eventName?: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly blockNumber: bigint;
  readonly transactionHash: Hex;
  readonly logIndex: number;
}

export interface ViemBlock {
  readonly number: bigint;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly stateRoot: Hex;
  readonly timestamp: bigint;
  readonly gasLimit: bigint;
  readonly gasUsed: bigint;
  readonly baseFeePerGas: bigint | null;
  readonly transactions: readonly unknown[];
}

export interface ViemTransaction {
  readonly hash: Hex;
  readonly type: string;
  readonly typeHex: Hex;
  readonly from: Hex;
  readonly to: Hex | null;
  readonly nonce: number;
  readonly value: bigint;
  readonly input: Hex;
  readonly accessList?: readonly unknown[];
  readonly authorizationList?: readonly { readonly address: Hex; readonly nonce: number }[];
  readonly blobVersionedHashes?: readonly Hex[];
}

export interface ViemProof {
  readonly accountProof: readonly Hex[];
  readonly balance: bigint;
  readonly codeHash: Hex;
  readonly nonce: number;
  readonly storageHash: Hex;
  readonly storageProof: readonly {
    readonly key: Hex;
    readonly value: bigint;
    readonly proof: readonly Hex[];
  }[];
}

/** A call of a contract by its ABI. */
export interface ViemCall {
  readonly address: Hex;
  readonly abi: readonly object[];
  readonly functionName: string;
  readonly args?: readonly unknown[];
  readonly account?: unknown;
  readonly value?: bigint;
  readonly gas?: bigint;
}

type Unwatch = () => void;

/** Read, write and test actions in one client. */
export interface ViemClient {
  readonly account: ViemAccount;
  readonly chain: object;
  request(call: { method: string; params?: readonly unknown[] }): Promise<unknown>;
  getChainId(): Promise<number>;
  getBlockNumber(options?: { cacheTime: number }): Promise<bigint>;
  getBlock(options?: object): Promise<ViemBlock>;
  getBalance(options: { address: Hex; blockNumber?: bigint; blockTag?: string }): Promise<bigint>;
  getCode(options: { address: Hex }): Promise<Hex | undefined>;
  getStorageAt(options: { address: Hex; slot: Hex }): Promise<Hex>;
  getTransaction(options: { hash: Hex }): Promise<ViemTransaction>;
  getTransactionCount(options: { address: Hex; blockTag?: string }): Promise<number>;
  getTransactionReceipt(options: { hash: Hex }): Promise<ViemReceipt>;
  waitForTransactionReceipt(options: { hash: Hex }): Promise<ViemReceipt>;
  getProof(options: {
    address: Hex;
    storageKeys: readonly Hex[];
    blockNumber?: bigint;
  }): Promise<ViemProof>;
  getFeeHistory(options: { blockCount: number; rewardPercentiles: readonly number[] }): Promise<{
    readonly baseFeePerGas: readonly bigint[];
    readonly gasUsedRatio: readonly number[];
    readonly oldestBlock: bigint;
    readonly reward?: readonly (readonly bigint[])[];
  }>;
  getGasPrice(): Promise<bigint>;
  getBlobBaseFee(): Promise<bigint>;
  estimateFeesPerGas(): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }>;
  estimateMaxPriorityFeePerGas(): Promise<bigint>;
  estimateGas(request: object): Promise<bigint>;
  estimateContractGas(call: ViemCall): Promise<bigint>;
  createAccessList(request: object): Promise<{
    readonly accessList: readonly { address: Hex; storageKeys: readonly Hex[] }[];
    readonly gasUsed: bigint;
  }>;
  call(request: object): Promise<{ data: Hex | undefined }>;
  readContract(call: ViemCall): Promise<unknown>;
  simulateContract(call: ViemCall): Promise<{ result: unknown; request: object }>;
  simulateBlocks(
    options: object,
  ): Promise<
    readonly { readonly calls: readonly { status: string; result?: unknown; gasUsed: bigint }[] }[]
  >;
  multicall(options: object): Promise<readonly { status: string; result?: unknown }[]>;
  writeContract(call: ViemCall | object): Promise<Hex>;
  deployContract(options: {
    abi: readonly object[];
    bytecode: Hex;
    args?: readonly unknown[];
  }): Promise<Hex>;
  sendTransaction(request: object): Promise<Hex>;
  sendRawTransaction(request: { serializedTransaction: Hex }): Promise<Hex>;
  signTransaction(request: object): Promise<Hex>;
  prepareTransactionRequest(request: object): Promise<object>;
  signAuthorization(options: object): Promise<object>;
  createEventFilter(options?: object): Promise<ViemFilter>;
  createContractEventFilter(options: object): Promise<ViemFilter>;
  createBlockFilter(): Promise<ViemFilter>;
  createPendingTransactionFilter(): Promise<ViemFilter>;
  getFilterChanges(options: { filter: ViemFilter }): Promise<readonly unknown[]>;
  getFilterLogs(options: { filter: ViemFilter }): Promise<readonly ViemLog[]>;
  uninstallFilter(options: { filter: ViemFilter }): Promise<boolean>;
  getLogs(options: object): Promise<readonly ViemLog[]>;
  getContractEvents(options: object): Promise<readonly ViemLog[]>;
  watchContractEvent(options: object): Unwatch;
  watchBlocks(options: object): Unwatch;
  watchPendingTransactions(options: object): Unwatch;
  snapshot(): Promise<Hex>;
  revert(options: { id: Hex }): Promise<void>;
  mine(options: { blocks: number; interval?: number }): Promise<void>;
  setBalance(options: { address: Hex; value: bigint }): Promise<void>;
  setNonce(options: { address: Hex; nonce: number }): Promise<void>;
  setCode(options: { address: Hex; bytecode: Hex }): Promise<void>;
  setStorageAt(options: { address: Hex; index: Hex; value: Hex }): Promise<void>;
  setNextBlockBaseFeePerGas(options: { baseFeePerGas: bigint }): Promise<void>;
  setNextBlockTimestamp(options: { timestamp: bigint }): Promise<void>;
  increaseTime(options: { seconds: number }): Promise<unknown>;
  impersonateAccount(options: { address: Hex }): Promise<void>;
  stopImpersonatingAccount(options: { address: Hex }): Promise<void>;
  setAutomine(isOn: boolean): Promise<void>;
  setIntervalMining(options: { interval: number }): Promise<void>;
  dropTransaction(options: { hash: Hex }): Promise<void>;
  getTxpoolStatus(): Promise<{ pending: number; queued: number }>;
  extend(actions: unknown): ViemClient;
}

export interface ViemAccount {
  readonly address: Hex;
  signTransaction(request: object, options?: object): Promise<Hex>;
  signMessage(options: { message: unknown }): Promise<Hex>;
  signTypedData(options: object): Promise<Hex>;
}

export interface ViemFilter {
  readonly id: Hex;
}

/** An error of viem knows what lies below it. */
export interface ViemError extends Error {
  readonly shortMessage: string;
  readonly details?: string;
  walk(found?: (error: unknown) => boolean): ViemError & {
    readonly name: string;
    readonly code?: number;
    readonly reason?: string;
    readonly data?: { readonly errorName: string; readonly args?: readonly unknown[] };
  };
}

interface Viem {
  createClient(options: object): ViemClient;
  defineChain(chain: object): object;
  http(url: string, options?: object): unknown;
  webSocket(url: string, options?: object): unknown;
  publicActions: unknown;
  walletActions: unknown;
  testActions(options: { mode: string }): unknown;
  encodeFunctionData(call: object): Hex;
  decodeEventLog(options: object): { eventName: string; args: Readonly<Record<string, unknown>> };
  keccak256(value: Hex | Uint8Array): Hex;
  toHex(value: unknown, options?: object): Hex;
  pad(value: Hex, options?: object): Hex;
  concat(values: readonly Hex[]): Hex;
  encodeAbiParameters(types: readonly object[], values: readonly unknown[]): Hex;
  encodePacked(types: readonly string[], values: readonly unknown[]): Hex;
  parseEther(text: string): bigint;
  parseAbi(lines: readonly string[]): readonly object[];
  getContractAddress(options: { from: Hex; nonce: bigint }): Hex;
  serializeTransaction(transaction: object, signature?: object): Hex;
  parseTransaction(serialized: Hex): Readonly<Record<string, unknown>>;
  toBlobs(options: { data: Hex }): readonly Hex[];
  BaseError: abstract new () => ViemError;
}

/** Only after `clientsSkipReason` said that it is there. */
export function loadViem(): Viem {
  return loadClient('viem') as Viem;
}

export function viemAccount(index: number): ViemAccount {
  return accountOf(account(index).privateKey);
}

/** The account of any private key. */
export function accountOf(privateKey: Hex): ViemAccount {
  const accounts = loadClient('viem/accounts') as {
    privateKeyToAccount(privateKey: Hex): ViemAccount;
  };
  return accounts.privateKeyToAccount(privateKey);
}

export const CHAIN_ID = 31_337;

/** A client with a funded account, over HTTP unless said. */
export function connectViem(
  devnet: TestDevnet,
  options: {
    readonly account?: number;
    readonly transport?: 'http' | 'webSocket';
    readonly batch?: boolean;
    readonly multicall?: Hex;
  } = {},
): ViemClient {
  const { account: index = 0, transport = 'http', batch = false, multicall } = options;
  const viem = loadViem();
  const chain = viem.defineChain({
    id: CHAIN_ID,
    name: 'Devnet',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [devnet.url] } },
    ...(multicall === undefined ? {} : { contracts: { multicall3: { address: multicall } } }),
  });
  const client = viem.createClient({
    account: viemAccount(index),
    chain,
    cacheTime: 0,
    pollingInterval: 50,
    transport:
      transport === 'http'
        ? viem.http(devnet.url, { batch, retryCount: 0 })
        : viem.webSocket(devnet.webSocketUrl, { retryCount: 0, reconnect: false }),
  });
  return client
    .extend(viem.publicActions)
    .extend(viem.walletActions)
    .extend(viem.testActions({ mode: 'anvil' }));
}

/** Waits until a transaction is in a block and asks that it succeeded. */
export async function mined(client: ViemClient, hash: Hex): Promise<ViemReceipt> {
  const receipt = await client.waitForTransactionReceipt({ hash });
  if (receipt.status !== 'success') throw new Error(`transaction ${hash} was reverted`);
  return receipt;
}

/** Deploys and gives the address. */
export async function deploy(
  client: ViemClient,
  contract: { abi: readonly object[]; bytecode: Hex },
  args: readonly unknown[] = [],
): Promise<Hex> {
  const { abi, bytecode } = contract;
  const receipt = await mined(client, await client.deployContract({ abi, bytecode, args }));
  if (receipt.contractAddress === null) throw new Error('no contract was made');
  return receipt.contractAddress;
}
