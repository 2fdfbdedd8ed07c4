import { type Fork, isAtLeast, type Recover } from '@basalt/evm';
import type { RawBlock } from '../block/block-codec.ts';
import { headerHash } from '../block/header.ts';
import { BLOCK_BYTES_MAX, GAS_PER_BLOB } from '../block/limits.ts';
import { ommersHash, transactionsRoot, withdrawalsRoot } from '../block/roots.ts';
import type { Block } from '../block/types.ts';
import { ExecutionError } from '../errors.ts';
import { decodeTransaction } from '../transaction/decode.ts';
import { assertChain, authoritiesOf, withSender } from '../transaction/recover.ts';
import type { Recoverer } from '../transaction/recoverer-shell.ts';
import type { RecoveredTransaction, SignedTransaction } from '../transaction/types.ts';
import { senderAt } from './block-index.ts';
import { checkEqual, invalidBlock } from './invalid-block.ts';
import { RECOVER_BATCH_MAX } from './limits.ts';
import type { UnsignedSender } from './payload.ts';

/**
 * Decodes the transactions of a block.
 *
 * @throws ExecutionError `invalid-block` naming the one that is wrong
 */
export function decodeTransactions(block: RawBlock): SignedTransaction[] {
  return block.transactions.map((raw, index) =>
    atTransaction(index, 'a transaction', () => decodeTransaction(raw)),
  );
}

/** How senders are found out: many at a time, and authorities on the spot. */
export interface SenderSources {
  readonly recoverer: Pick<Recoverer, 'recover'>;
  readonly recover: Recover;
}

/** Block and transactions as one. */
export function joinBlock(
  { hash, header, ommers, withdrawals, sizeBytes }: RawBlock,
  transactions: readonly RecoveredTransaction[],
): Block {
  return { hash, header, transactions, ommers, withdrawals, sizeBytes };
}

/** A block whose senders are known: nothing but authorities has to be recovered. */
export function joinWithSenders(block: RawBlock, senders: Uint8Array, recover: Recover): Block {
  const transactions = decodeTransactions(block).map((signed, index) =>
    withSender(signed, senderAt(senders, index), authoritiesOf(signed, recover)),
  );
  return joinBlock(block, transactions);
}

/**
 * Recovers senders and authorities of a block's transactions.
 *
 * @param unsigned senders of those without a signature, which only a log of our own may name
 * @throws ExecutionError `invalid-block` naming the transaction whose signature is none
 */
export async function recoverBlock(
  block: RawBlock,
  unsigned: readonly UnsignedSender[],
  fork: Fork,
  { recoverer, recover }: SenderSources,
): Promise<Block> {
  const decoded = decodeTransactions(block);
  const named = new Map(unsigned.map(({ index, sender }) => [index, sender]));
  const signed = decoded.filter((_, index) => !named.has(index));
  const recovered: (RecoveredTransaction | ExecutionError)[] = [];
  for (let from = 0; from < signed.length; from += RECOVER_BATCH_MAX) {
    const batch = signed.slice(from, from + RECOVER_BATCH_MAX);
    for (const each of await recoverer.recover(batch, fork)) recovered.push(each);
  }
  let next = 0;
  const transactions = decoded.map((transaction, index) => {
    const sender = named.get(index);
    if (sender !== undefined) {
      return withSender(transaction, sender, authoritiesOf(transaction, recover));
    }
    const found = recovered[next++];
    if (found !== undefined && !(found instanceof ExecutionError)) return found;
    throw invalidBlock(`transactions[${index}]`, 'a signature', found?.message ?? 'none');
  });
  return joinBlock(block, transactions);
}

/** Transactions that have a sender and no signature (docs/chain-payload.md). */
export function unsignedSenders(transactions: readonly RecoveredTransaction[]): UnsignedSender[] {
  const unsigned: UnsignedSender[] = [];
  transactions.forEach(({ signature, sender }, index) => {
    if (signature.s === 0n) unsigned.push({ index, sender });
  });
  return unsigned;
}

/**
 * Holds a block's body against its header, in the order in which the parts are listed here.
 *
 * @throws ExecutionError `invalid-block` naming the first part that is wrong
 */
export function checkBody(block: Block, fork: Fork, chainId: bigint): void {
  const { header, transactions, ommers, withdrawals } = block;
  checkEqual('hash', headerHash(header), block.hash);
  if (isAtLeast(fork, 'osaka') && block.sizeBytes > BLOCK_BYTES_MAX) {
    throw invalidBlock('size', `at most ${BLOCK_BYTES_MAX} bytes (EIP-7934)`, block.sizeBytes);
  }
  checkEqual('transactionsRoot', transactionsRoot(transactions), header.transactionsRoot);
  checkEqual('ommersHash', ommersHash(ommers), header.ommersHash);
  if ((withdrawals === undefined) !== (header.withdrawalsRoot === undefined)) {
    const expected = header.withdrawalsRoot === undefined ? 'nothing' : 'a list';
    throw invalidBlock('withdrawals', expected, withdrawals === undefined ? 'nothing' : 'a list');
  }
  if (withdrawals !== undefined) {
    checkEqual('withdrawalsRoot', withdrawalsRoot(withdrawals), header.withdrawalsRoot);
  }
  let blobs = 0;
  for (const [index, transaction] of transactions.entries()) {
    if (transaction.signature.s === 0n) {
      throw invalidBlock(`transactions[${index}]`, 'a signature', 'none');
    }
    atTransaction(index, 'a transaction for this chain', () => {
      assertChain(transaction, chainId, fork);
    });
    if (transaction.fields.type === 3) blobs += transaction.fields.blobHashes.length;
  }
  if (header.blobGasUsed === undefined) return;
  checkEqual('blobGasUsed', BigInt(blobs) * GAS_PER_BLOB, header.blobGasUsed);
}

/** What is wrong with one transaction is wrong with the block. */
export function atTransaction<Value>(index: number, expected: string, check: () => Value): Value {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof ExecutionError)) throw error;
    throw invalidBlock(`transactions[${index}]`, expected, error.message);
  }
}
