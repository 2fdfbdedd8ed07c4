import { type Chain, encodeReceipt, orderedTrieProof } from '@basalt/execution';
import { toHex } from '@basalt/protocol';
import type { LedgerBlockLog } from './ledger-block-log-shell.ts';

/** Shows that a transaction stands in the ledger; see `verifyTransaction` of `@basalt/client`. */
export interface TransactionProofs {
  /** Ready for JSON; undefined for a transaction that no block has, or whose receipts are gone. */
  prove(hash: Uint8Array): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/**
 * Where a transaction's block stands in the ledger, and the nodes from the roots in the block's
 * header down to transaction and receipt.
 *
 * @param ledgerUrl where the ledger is served; undefined before it is
 */
// Life of a transaction, 16.
export function createTransactionProofs(
  chain: Chain,
  log: Pick<LedgerBlockLog, 'namespace' | 'ledgerIndex'>,
  ledgerUrl: () => string | undefined,
): TransactionProofs {
  return {
    async prove(hash) {
      const place = chain.locate(hash);
      if (place === undefined) return undefined;
      const { blockNumber, blockHash, index } = place;
      const logIndex = chain.logIndexOf(blockNumber);
      const [block, receipts] = await Promise.all([
        chain.block(blockNumber),
        chain.receipts(blockNumber),
      ]);
      if (logIndex === undefined || block === undefined || receipts === undefined) return undefined;
      const url = ledgerUrl();
      const transactions = block.transactions.map(({ raw }) => raw);
      const encoded = receipts.map((receipt) => encodeReceipt(receipt));
      return {
        transactionHash: hex(hash),
        transactionIndex: quantity(index),
        blockHash: hex(blockHash),
        blockNumber: quantity(blockNumber),
        ledger: {
          namespace: log.namespace,
          index: quantity(log.ledgerIndex(logIndex)),
          ...(url === undefined ? {} : { url }),
        },
        transactionProof: orderedTrieProof(transactions, index).map(hex),
        receiptProof: orderedTrieProof(encoded, index).map(hex),
      };
    },
  };
}

function hex(bytes: Uint8Array): string {
  return `0x${toHex(bytes)}`;
}

function quantity(value: number): string {
  return `0x${value.toString(16)}`;
}
