import { formatWei } from './amounts.ts';
import type { Rpc } from './rpc.ts';

interface Waiting {
  readonly from: string;
  readonly nonce: string;
  readonly gasPrice?: string;
  readonly maxFeePerGas?: string;
}

interface PoolContent {
  readonly pending?: Readonly<Record<string, Waiting>>;
  readonly queued?: Readonly<Record<string, Waiting>>;
}

/** What a transaction without a receipt waits for, as far as the node lets one see. */
export async function waitingReason(rpc: Rpc, hash: string): Promise<string> {
  const waiting = await rpc.call<Waiting | null>('eth_getTransactionByHash', [hash]);
  if (waiting === null) return 'the node does not have it any more: dropped, or replaced';
  const { from } = waiting;
  const [count, block] = await Promise.all([
    rpc.call<string>('eth_getTransactionCount', [from, 'latest']),
    rpc.call<{ readonly baseFeePerGas?: string }>('eth_getBlockByNumber', ['latest', false]),
  ]);
  const next = Number(count);
  const baseFee = BigInt(block.baseFeePerGas ?? '0x0');
  if (Number(waiting.nonce) <= next) {
    return (
      feeTooLow('its', waiting, baseFee) ??
      'no block has taken it yet: this chain makes them at its own times, or when told (evm_mine)'
    );
  }
  const first = await inPool(rpc, from, next);
  const nonce = Number(waiting.nonce);
  const place = `it has nonce ${nonce}, and transaction ${next} of ${from} comes first`;
  if (first === undefined) return `${place}, which the node does not have`;
  const why = feeTooLow('whose', first, baseFee);
  return why === undefined ? `${place}, which waits too` : `${place}, ${why}`;
}

function feeTooLow(whose: string, waiting: Waiting, baseFee: bigint): string | undefined {
  const fee = BigInt(waiting.maxFeePerGas ?? waiting.gasPrice ?? '0x0');
  if (fee >= baseFee) return undefined;
  return `${whose} fee of ${formatWei(fee)} is below the base fee of ${formatWei(baseFee)}`;
}

/** undefined too where a node does not show its pool. */
async function inPool(rpc: Rpc, from: string, nonce: number): Promise<Waiting | undefined> {
  const content = await rpc
    .call<PoolContent>('txpool_contentFrom', [from])
    .catch((): PoolContent => ({}));
  return content.pending?.[nonce] ?? content.queued?.[nonce];
}
