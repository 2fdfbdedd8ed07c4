import { nextEnvironment } from '../engine/next-environment.ts';
import { toHex, toQuantity } from '../params/hex.ts';
import type { Services } from '../services.ts';
import { transactionView, type View } from '../views/transaction.ts';

/**
 * The block that would come next: its place and fees, and what of the pool would be in it. Nothing
 * is run for it, so what only a run can say (roots, gas used) is null.
 */
export function pendingBlock(services: Services, isFull: boolean): View {
  const { chain, pool } = services;
  const head = chain.head();
  const { baseFee, blobBaseFee, coinbase, gasLimit, timestamp } = nextEnvironment(services);
  const transactions = pool.best({ baseFee, blobBaseFee, gas: gasLimit, overfill: 1 });
  return {
    number: toQuantity(head.header.number + 1n),
    hash: null,
    parentHash: toHex(head.hash),
    nonce: null,
    miner: toHex(coinbase),
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
    ...(chain.nextBaseFee() === undefined ? {} : { baseFeePerGas: toQuantity(baseFee) }),
    transactions: transactions.map((each) =>
      isFull ? transactionView(each, undefined) : toHex(each.hash),
    ),
    uncles: [],
  };
}
