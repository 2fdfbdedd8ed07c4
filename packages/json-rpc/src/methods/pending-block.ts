import { toHex, toQuantity } from '../params/hex.ts';
import type { Services } from '../services.ts';
import { transactionView, type View } from '../views/transaction.ts';

/** Seconds that the next block is expected after the head where no devnet says. */
const BLOCK_SECONDS = 1n;

/**
 * The block that would come next: its place and fees, and what of the pool would be in it. Nothing
 * is run for it, so what only a run can say (roots, gas used) is null.
 */
export function pendingBlock(services: Services, isFull: boolean): View {
  const { chain, devnet, pool } = services;
  const head = chain.head();
  const attributes = devnet?.nextAttributes();
  const timestamp = attributes?.timestamp ?? head.header.timestamp + BLOCK_SECONDS;
  const gasLimit = attributes?.gasLimit ?? head.header.gasLimit;
  const baseFee = attributes?.baseFee ?? chain.nextBaseFee();
  const transactions = pool.best({
    baseFee: baseFee ?? 0n,
    blobBaseFee: chain.nextBlobBaseFee(timestamp),
    gas: gasLimit,
    overfill: 1,
  });
  return {
    number: toQuantity(head.header.number + 1n),
    hash: null,
    parentHash: toHex(head.hash),
    nonce: null,
    miner: toHex(attributes?.coinbase ?? head.header.coinbase),
    difficulty: '0x0',
    extraData: '0x',
    gasLimit: toQuantity(gasLimit),
    gasUsed: '0x0',
    logsBloom: null,
    stateRoot: null,
    receiptsRoot: null,
    transactionsRoot: null,
    sha3Uncles: toHex(head.header.ommersHash),
    timestamp: toQuantity(timestamp),
    size: '0x0',
    ...(baseFee === undefined ? {} : { baseFeePerGas: toQuantity(baseFee) }),
    transactions: transactions.map((each) =>
      isFull ? transactionView(each, undefined) : toHex(each.hash),
    ),
    uncles: [],
  };
}
