/**
 * A chain of Ethereum blocks over a ledger: transactions, pool, state, block building and import,
 * parallel execution, and what a devnet adds.
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
export { ACCOUNTS_DEFAULT, CHAIN_ID_DEFAULT, GAS_LIMIT_DEFAULT } from './devnet/limits.ts';
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
export { createStateEngine, STATE_TABLES, type StateEngineOptions } from './state/tables.ts';
export type {
  AccountProof,
  StagedState,
  StateStats,
  StateView,
  StorageProof,
  WorldState,
} from './state/types.ts';
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
