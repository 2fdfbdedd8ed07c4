import type { PooledTransaction } from '@basalt/execution';
import { equalBytes } from '@basalt/protocol';
import { bytesToHex } from '@noble/hashes/utils.js';
import { RPC_ERRORS, RpcError } from '../errors.ts';
import { POOL_VIEW_MAX } from '../limits.ts';
import { address } from '../params/decode.ts';
import { fromHex, toQuantity } from '../params/hex.ts';
import type { Services } from '../services.ts';
import { checksumAddress } from '../views/checksum.ts';
import { effectiveGasPrice, transactionView, type View } from '../views/transaction.ts';
import { type MethodFamily, method } from './method.ts';

type Show = (pooled: PooledTransaction) => unknown;

const show: Show = ({ transaction }) => transactionView(transaction, undefined);

/** One line for people, as geth writes it. */
const summarize: Show = ({ transaction: { fields } }) => {
  const to = fields.to === undefined ? 'contract creation' : checksumAddress(fields.to);
  const price = effectiveGasPrice(fields, undefined);
  return `${to}: ${fields.value} wei + ${fields.gasLimit} gas × ${price} wei`;
};

/** By sender, then by nonce. */
function bySender(pooled: readonly PooledTransaction[], view: Show): View {
  const senders = new Map<string, Record<string, unknown>>();
  for (const each of pooled) {
    const { sender, fields } = each.transaction;
    const key = bytesToHex(sender);
    const own = senders.get(key) ?? {};
    own[fields.nonce.toString()] = view(each);
    senders.set(key, own);
  }
  return Object.fromEntries(
    [...senders].map(([key, own]) => [checksumAddress(fromHex(`0x${key}`)), own]),
  );
}

/** @throws RpcError before anything is made of what no answer could hold */
function shownWhole({ limits, pool }: Services): readonly PooledTransaction[] {
  const all = pool.all().slice(0, POOL_VIEW_MAX);
  // In hexadecimal.
  const bytes = all.reduce((sum, { transaction }) => sum + transaction.raw.length * 2, 0);
  if (bytes > limits.responseBytes) throw new RpcError(RPC_ERRORS.tooLarge, 'response too large');
  return all;
}

function content(all: readonly PooledTransaction[], view: Show): View {
  return {
    pending: bySender(
      all.filter(({ isExecutable }) => isExecutable),
      view,
    ),
    queued: bySender(
      all.filter(({ isExecutable }) => !isExecutable),
      view,
    ),
  };
}

function contentFrom({ pool }: Services, who: Uint8Array): View {
  const own = pool.all().filter(({ transaction }) => equalBytes(transaction.sender, who));
  const byNonce = (isExecutable: boolean): View =>
    Object.fromEntries(
      own
        .filter((each) => each.isExecutable === isExecutable)
        .map((each) => [each.transaction.fields.nonce.toString(), show(each)]),
    );
  return { pending: byNonce(true), queued: byNonce(false) };
}

/** What waits for a block. */
export const TXPOOL: MethodFamily = {
  txpool_content: method([], (services) => content(shownWhole(services), show)),
  txpool_inspect: method([], ({ pool }) => content(pool.all().slice(0, POOL_VIEW_MAX), summarize)),
  txpool_contentFrom: method([address], contentFrom),
  txpool_status: method([], ({ pool }) => {
    const { pending, queued } = pool.stats();
    return { pending: toQuantity(pending), queued: toQuantity(queued) };
  }),
  eth_pendingTransactions: method([], (services) => shownWhole(services).map(show)),
};
