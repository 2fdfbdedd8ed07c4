import type { Block } from '@basalt/execution';
import { TIP_BLOCKS, TIP_DEFAULT, TIP_MAX, TIP_PERCENTILE, TIP_SAMPLES } from './limits.ts';
import type { Services } from './services.ts';
import { effectiveGasPrice } from './views/transaction.ts';

/** Tips below are somebody's oversight, not a market (as geth). */
const TIP_IGNORED = 2n;

/**
 * A tip that blocks of late took: of each block the smallest tips, of those the 60th percentile
 * (geth's oracle).
 */
export async function suggestTip({ chain }: Services): Promise<bigint> {
  const head = Number(chain.head().header.number);
  const tips: bigint[] = [];
  for (let number = head; number > 0 && number > head - TIP_BLOCKS; number--) {
    const block = await chain.block(number);
    if (block === undefined) break;
    tips.push(...lowestTips(block));
  }
  tips.sort(ascending);
  const tip = tips[Math.floor(((tips.length - 1) * TIP_PERCENTILE) / 100)] ?? TIP_DEFAULT;
  return tip < TIP_MAX ? tip : TIP_MAX;
}

/** What the next block's senders pay: a tip above its base fee. */
export async function suggestGasPrice(services: Services): Promise<bigint> {
  return (await suggestTip(services)) + baseFeeToPay(services);
}

/**
 * The larger of the newest block's and the next one's, which a devnet's owner may have set: a fee
 * that covers it is not refused by the next block.
 */
export function baseFeeToPay({ chain, devnet }: Services): bigint {
  const newest = chain.head().header.baseFee ?? 0n;
  const next = devnet?.nextAttributes().baseFee ?? chain.nextBaseFee() ?? 0n;
  return newest > next ? newest : next;
}

function lowestTips({ header, transactions }: Block): bigint[] {
  const baseFee = header.baseFee ?? 0n;
  return transactions
    .map(({ fields }) => effectiveGasPrice(fields, header.baseFee) - baseFee)
    .filter((tip) => tip >= TIP_IGNORED)
    .sort(ascending)
    .slice(0, TIP_SAMPLES);
}

export function ascending(one: bigint, other: bigint): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
