import { ProtocolError } from '../errors.ts';
import { type ChainHeader } from './chain-header.ts';
import {
  type ChainReceipt,
  type ChainTransaction,
  decodeChainReceipt,
  decodeChainTransaction,
} from './chain-transaction.ts';
import { encodeRlpIndex } from './rlp.ts';
import { verifyTrieProof } from './trie-proof.ts';

/** A transaction and its receipt, claimed to be in a block. Nodes are in order from the root. */
export interface TransactionClaim {
  /** Place in the block, from 0. */
  readonly index: number;
  /** Nodes of the trie of transactions. */
  readonly transaction: readonly Uint8Array[];
  /** Nodes of the trie of receipts. */
  readonly receipt: readonly Uint8Array[];
}

export interface ProvenTransaction {
  readonly transaction: ChainTransaction;
  /** As they stand in the tries. */
  readonly transactionBytes: Uint8Array;
  readonly receipt: ChainReceipt;
  readonly receiptBytes: Uint8Array;
}

/**
 * Checks both proofs against a block's header. That the header is one of the chain is for the
 * caller to know: `decodeChainPayload` of a ledger block whose inclusion was proven says so.
 *
 * @throws ProtocolError `invalid-proof` when a proof does not hold, or shows that there is nothing
 *   at this place; `malformed`
 */
// Life of a transaction, 18.
export function verifyChainTransaction(
  header: Pick<ChainHeader, 'transactionsRoot' | 'receiptsRoot'>,
  claim: TransactionClaim,
): ProvenTransaction {
  const { index } = claim;
  const read = (name: string, root: Uint8Array, nodes: readonly Uint8Array[]): Uint8Array => {
    const value = verifyTrieProof({ root, key: encodeRlpIndex(index), nodes });
    if (value !== undefined) return value;
    throw new ProtocolError('invalid-proof', `the block has no ${name} ${index}`, { index });
  };
  const transactionBytes = read('transaction', header.transactionsRoot, claim.transaction);
  const receiptBytes = read('receipt', header.receiptsRoot, claim.receipt);
  const transaction = decodeChainTransaction(transactionBytes);
  const receipt = decodeChainReceipt(receiptBytes);
  if (transaction.type !== receipt.type) {
    throw new ProtocolError('invalid-proof', 'the receipt is of another type of transaction', {
      transaction: transaction.type,
      receipt: receipt.type,
    });
  }
  return { transaction, transactionBytes, receipt, receiptBytes };
}
