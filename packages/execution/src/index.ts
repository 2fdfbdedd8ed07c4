/**
 * A chain of Ethereum blocks over a ledger: transactions, pool, state, block building and import,
 * parallel execution, and what a devnet adds.
 *
 * @module
 */
export { ExecutionError, type ExecutionErrorCode } from './errors.ts';
export {
  type BlockExecutorOptions,
  createBlockExecutor,
} from './executor/create-block-executor.ts';
export { RLP_DEPTH_MAX, RLP_ITEMS_MAX } from './rlp/limits.ts';
export { malformedRlp, RlpReader } from './rlp/reader.ts';
export { decodeRlp, encodeRlp, type RlpInput, type RlpItem, writeItem } from './rlp/tree.ts';
export { RlpWriter } from './rlp/writer.ts';
export {
  EMPTY_TRIE_ROOT,
  orderedTrieKey,
  orderedTrieProof,
  orderedTrieRoot,
} from './trie/ordered-trie.ts';
export { verifyTrieProof } from './trie/verify-proof.ts';
