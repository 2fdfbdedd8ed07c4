import { findBlock } from '../blocks.ts';
import { receiptsOf } from '../logs/find-logs.ts';
import { type BlockId, blockId, blockNumber } from '../params/block-id.ts';
import { boolean, type Decoder, hash, optional, quantity } from '../params/decode.ts';
import { toQuantity } from '../params/hex.ts';
import type { Services } from '../services.ts';
import { blockView, headerView, ommerView } from '../views/block.ts';
import { receiptViews } from '../views/receipt.ts';
import { transactionView, type View } from '../views/transaction.ts';
import { type MethodFamily, method } from './method.ts';
import { pendingBlock } from './pending-block.ts';

const isFull: Decoder<boolean> = optional(boolean, false);
const index: Decoder<bigint> = quantity(64);

function byHash(value: Uint8Array): BlockId {
  return { hash: value, requireCanonical: false };
}

async function showBlock(services: Services, id: BlockId, full: boolean): Promise<View | null> {
  if ('tag' in id && id.tag === 'pending') return pendingBlock(services, full);
  const block = await findBlock(services, id);
  return block === undefined ? null : blockView(block, full);
}

async function showHeader(services: Services, id: BlockId): Promise<View | null> {
  const block = await findBlock(services, id);
  return block === undefined ? null : headerView(block.header, block.hash);
}

async function count(
  services: Services,
  id: BlockId,
  of: 'transactions' | 'ommers',
): Promise<string | null> {
  const block = await findBlock(services, id);
  return block === undefined ? null : toQuantity(block[of].length);
}

async function transactionAt(services: Services, id: BlockId, at: bigint): Promise<View | null> {
  const block = await findBlock(services, id);
  const transaction = block?.transactions[Number(at)];
  if (block === undefined || transaction === undefined) return null;
  return transactionView(transaction, { block, index: Number(at) });
}

async function ommerAt(services: Services, id: BlockId, at: bigint): Promise<View | null> {
  const ommer = (await findBlock(services, id))?.ommers[Number(at)];
  return ommer === undefined ? null : ommerView(ommer);
}

async function blockReceipts(services: Services, id: BlockId): Promise<View[] | null> {
  const block = await findBlock(services, id);
  if (block === undefined) return null;
  return receiptViews(block, await receiptsOf(services, block));
}

/** Blocks and what is in them. */
export const ETH_CHAIN: MethodFamily = {
  eth_chainId: method([], ({ chain }) => toQuantity(chain.config.chainId)),
  eth_blockNumber: method([], ({ chain }) => toQuantity(chain.head().header.number)),
  eth_syncing: method([], () => false),
  eth_getBlockByNumber: method([blockNumber, isFull], showBlock),
  eth_getBlockByHash: method([hash, isFull], (services, value, full) =>
    showBlock(services, byHash(value), full),
  ),
  eth_getHeaderByNumber: method([blockNumber], showHeader),
  eth_getHeaderByHash: method([hash], (services, value) => showHeader(services, byHash(value))),
  eth_getBlockTransactionCountByNumber: method([blockNumber], (services, id) =>
    count(services, id, 'transactions'),
  ),
  eth_getBlockTransactionCountByHash: method([hash], (services, value) =>
    count(services, byHash(value), 'transactions'),
  ),
  eth_getUncleCountByBlockNumber: method([blockNumber], (services, id) =>
    count(services, id, 'ommers'),
  ),
  eth_getUncleCountByBlockHash: method([hash], (services, value) =>
    count(services, byHash(value), 'ommers'),
  ),
  eth_getUncleByBlockNumberAndIndex: method([blockNumber, index], ommerAt),
  eth_getUncleByBlockHashAndIndex: method([hash, index], (services, value, at) =>
    ommerAt(services, byHash(value), at),
  ),
  eth_getTransactionByBlockNumberAndIndex: method([blockNumber, index], transactionAt),
  eth_getTransactionByBlockHashAndIndex: method([hash, index], (services, value, at) =>
    transactionAt(services, byHash(value), at),
  ),
  eth_getBlockReceipts: method([blockId], blockReceipts),
};
