import type { Log } from '@basalt/evm';
import { type Block, BloomBuilder, type Receipt } from '@basalt/execution';
import { isSameBytes } from '../params/hex.ts';
import type { LogCriteria } from '../params/log-filter.ts';
import { logView } from '../views/receipt.ts';
import type { View } from '../views/transaction.ts';

/** Looks into blooms; keeps the bits of what was asked for lately. */
const blooms = new BloomBuilder();

/** False is certain: no log of the block is wanted. */
export function mayMatch(bloom: Uint8Array, { addresses, topics }: LogCriteria): boolean {
  const hasAny = (items: readonly Uint8Array[]): boolean =>
    items.length === 0 || items.some((item) => blooms.mayContain(bloom, item));
  return hasAny(addresses) && topics.every(hasAny);
}

export function isMatch(log: Log, { addresses, topics }: LogCriteria): boolean {
  if (topics.length > log.topics.length) return false;
  const isAddress =
    addresses.length === 0 || addresses.some((each) => isSameBytes(each, log.address));
  if (!isAddress) return false;
  return topics.every((wanted, index) => {
    const topic = log.topics[index];
    if (topic === undefined) return false;
    return wanted.length === 0 || wanted.some((each) => isSameBytes(each, topic));
  });
}

/** The wanted logs of a block, as they are shown. */
export function matchingLogs(
  block: Block,
  receipts: readonly Receipt[],
  criteria: LogCriteria,
  isRemoved: boolean = false,
): View[] {
  const { hash: blockHash, header, transactions } = block;
  const views: View[] = [];
  let logIndex = 0;
  for (const [transactionIndex, receipt] of receipts.entries()) {
    const transactionHash = transactions[transactionIndex]?.hash ?? new Uint8Array(32);
    for (const log of receipt.logs) {
      if (isMatch(log, criteria)) {
        views.push(
          logView(log, {
            blockHash,
            blockNumber: header.number,
            blockTimestamp: header.timestamp,
            transactionHash,
            transactionIndex,
            logIndex,
            isRemoved,
          }),
        );
      }
      logIndex++;
    }
  }
  return views;
}
