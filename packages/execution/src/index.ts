/**
 * A chain of Ethereum blocks over a log: transactions, pool, state, block building and import,
 * parallel execution, and what a devnet adds.
 *
 * Specifications: the Yellow Paper and the Ethereum execution specifications, Frontier to Osaka,
 * with the EIPs that each file names; Block-STM (Gelashvili et al. 2022) for parallel execution;
 * docs/chain-payload.md for what stands in the log.
 *
 * Invariants:
 * - The log is the truth. A block counts once its entry is durable there; what index or state lack
 *   after a crash is run again from it, and every root compared.
 * - Of a block that breaks a rule nothing is kept, and the error names the first field that is
 *   wrong. Seals of proof of work are not checked.
 * - One writer: what changes a chain runs one after another, in the order of the calls.
 * - In parallel or one after another, with any number of workers, a block has one outcome.
 *
 * @example
 * const world = createWorldState({ engine: await createStateEngine() });
 * const keys = deriveDevnetKeys(TEST_MNEMONIC, 2);
 * const genesis = parseGenesis(devnetGenesis({ keys, timestamp: 1_700_000_000n }), world);
 * const executor = createBlockExecutor({ workers: 1, engine: 'interpreter' });
 * const recoverer = createRecoverer({ threads: 0 });
 * const tables = createMemoryTables({ tables: CHAIN_TABLES });
 * const entries = [];
 * const log = {
 *   get length() { return entries.length; },
 *   append: async (payload) => ({ index: entries.push(payload) - 1 }),
 *   read: async (index) => entries[index],
 * };
 * const chain = await createChain({ genesis, world, executor, log, tables, recoverer });
 * const fields = {
 *   type: 2, nonce: 0n, gasLimit: 21_000n, to: keys.accounts[1].address, value: 7n,
 *   data: new Uint8Array(0), accessList: [],
 *   maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n,
 * };
 * const signed = signTransaction(fields, 31_337n, keys.accounts[0].privateKey);
 * const { block } = await chain.propose(await recoverer.recover([signed], 'osaka'), {
 *   timestamp: 1_700_000_012n, coinbase: new Uint8Array(20), gasLimit: 30_000_000n,
 *   prevRandao: new Uint8Array(32),
 * });
 * block.header.gasUsed; // 21000n
 *
 * Limits: the `limits.ts` of each folder. A state is readable and can be rewound inside a window of
 * blocks; forks of a chain other than by rewinding are not held.
 *
 * @module
 */

export {
  type BlockBody,
  decodeBlock,
  encodeBlock,
  type RawBlock,
  readBlock,
} from './block/block-codec.ts';
export { BloomBuilder, logsBloom } from './block/bloom.ts';
export { decodeHeader, encodeHeader, headerHash } from './block/header.ts';
export { GAS_PER_BLOB } from './block/limits.ts';
export { type ConsensusReceipt, decodeReceipt, encodeReceipt } from './block/receipt.ts';
export {
  EMPTY_OMMERS_HASH,
  receiptsRoot,
  transactionsRoot,
  withdrawalsRoot,
} from './block/roots.ts';
export type { Block, BlockHeader, Intervention, Receipt, Withdrawal } from './block/types.ts';
export { baseFeeAfter } from './chain/base-fee.ts';
export { blobBaseFee, excessBlobGasAfter } from './chain/blob-gas.ts';
export { CHAIN_TABLES } from './chain/block-index.ts';
export { type ChainComponents, type ChainOptions, createChain } from './chain/create-chain.ts';
export type { ForkSchedule } from './chain/fork-schedule.ts';
export {
  completeGenesis,
  type GenesisPlan,
  type ParsedGenesis,
  parseGenesis,
  readGenesis,
} from './chain/genesis.ts';
export { type ImportOptions, type ImportProgress, importChainRlp } from './chain/import-chain.ts';
export { createLayeredState, type LayeredState } from './chain/layered-state.ts';
export { TIMESTAMP_MAX } from './chain/limits.ts';
export {
  type ChainPayload,
  decodeChainPayload,
  encodeBlockPayload,
  encodeRewindPayload,
  type UnsignedSender,
} from './chain/payload.ts';
export {
  CONSOLIDATION_REQUEST,
  DEPOSIT_REQUEST,
  depositData,
  requestOf,
  requestsHash,
  WITHDRAWAL_REQUEST,
} from './chain/requests.ts';
export { payRewards, payWithdrawals } from './chain/rewards.ts';
export {
  BEACON_ROOTS,
  BLOCK_HASHES,
  CONSOLIDATION_REQUESTS,
  callForRequests,
  callSystem,
  type SystemCallContext,
  WITHDRAWAL_REQUESTS,
} from './chain/system-calls.ts';
export type {
  BlobParameters,
  BlockAttributes,
  BlockLog,
  BuiltBlock,
  Chain,
  ChainConfig,
  ChainEvent,
  ForkAt,
  Genesis,
  TransactionLocation,
} from './chain/types.ts';
export {
  ACCOUNT_PATH,
  type DevnetKeys,
  deriveDevnetKeys,
  FAUCET_PATH,
  mnemonicOfSeed,
  TEST_MNEMONIC,
} from './devnet/accounts.ts';
export { createDevnet, type DevnetComponents, type DevnetOptions } from './devnet/create-devnet.ts';
export {
  BALANCE_ETHER_DEFAULT,
  type DevnetGenesis,
  type DevnetGenesisOptions,
  devnetGenesis,
} from './devnet/genesis.ts';
export {
  ACCOUNTS_DEFAULT,
  CHAIN_ID_DEFAULT,
  GAS_LIMIT_DEFAULT,
  MINE_BLOCKS_MAX,
} from './devnet/limits.ts';
export type { Devnet, DevnetAccount, Mining, UnsignedRequest } from './devnet/types.ts';
export { isUnsigned, unsignedTransaction } from './devnet/unsigned-transaction.ts';
export { ExecutionError, type ExecutionErrorCode } from './errors.ts';
export {
  type BlockExecutorOptions,
  createBlockExecutor,
} from './executor/create-block-executor.ts';
export type {
  BlockExecutor,
  ExecutedBlock,
  ExecutedTransaction,
  ExecutionJob,
  ExecutionStatistics,
  HotKey,
  ModePolicy,
  ModeState,
} from './executor/types.ts';
export type { BlobVerifier } from './pool/blob-verifier.ts';
export { createBlobVerifier } from './pool/blob-verifier-shell.ts';
export {
  createPool,
  type FastPathFault,
  type FullCheckStats,
  type PoolComponents,
  type PoolOptions,
  type TransactionPool,
} from './pool/create-pool.ts';
export { createFullCheck, type FullCheck, type FullCheckComponents } from './pool/full-check.ts';
export type { PoolJournal } from './pool/journal.ts';
export { openPoolJournal } from './pool/journal-file-shell.ts';
export { POOL_LIMITS, type PoolLimits } from './pool/limits.ts';
export { type PoolChain, type PoolHead, poolChainOf } from './pool/pool-chain.ts';
export type { Pool, PoolErrorCode, PoolEvent, PooledTransaction, PoolStats } from './pool/types.ts';
export { RLP_DEPTH_MAX, RLP_ITEMS_MAX } from './rlp/limits.ts';
export { malformedRlp, RlpReader } from './rlp/reader.ts';
export { decodeRlp, encodeRlp, type RlpInput, type RlpItem, writeItem } from './rlp/tree.ts';
export { RlpWriter } from './rlp/writer.ts';
export { SNAPSHOT_CHUNK_BYTES_MAX } from './state/limits.ts';
export {
  exportSnapshot,
  importSnapshot,
  type SnapshotImport,
  type SnapshotTarget,
  snapshotProgress,
} from './state/snapshot.ts';
export { createStateEngine, STATE_TABLES, type StateEngineOptions } from './state/tables.ts';
export type {
  AccountProof,
  StagedState,
  StateStats,
  StateView,
  StorageProof,
  WorldState,
} from './state/types.ts';
export type { ValueCacheControl } from './state/value-cache.ts';
export { createWorldState, type WorldStateOptions } from './state/world-state.ts';
export { decodeTransaction, readTransaction } from './transaction/decode.ts';
export {
  assembleTransaction,
  encodeTransaction,
  type RawSignature,
  signingHashOf,
  writeTransaction,
} from './transaction/encode.ts';
export {
  decodePooledTransaction,
  encodePooledTransaction,
  type PooledForm,
} from './transaction/pooled.ts';
export {
  assertChain,
  recoverSender,
  recoverTransaction,
  withSender,
} from './transaction/recover.ts';
export {
  createRecoverer,
  type Recoverer,
  type RecovererOptions,
  type RecovererStats,
} from './transaction/recoverer-shell.ts';
export {
  addressOf,
  isPrivateKey,
  loadSign,
  type Sign,
  signAuthorization,
  signPortable,
  signTransaction,
} from './transaction/sign.ts';
export type {
  BlobSidecar,
  RecoveredTransaction,
  SignedTransaction,
  TransactionFields,
  TransactionSignature,
} from './transaction/types.ts';
export {
  EMPTY_TRIE_ROOT,
  orderedTrieKey,
  orderedTrieProof,
  orderedTrieRoot,
} from './trie/ordered-trie.ts';
export { verifyTrieProof } from './trie/verify-proof.ts';
