import type { Block, Receipt } from '@basalt/execution';
import { equalBytes } from '@basalt/protocol';
import { invalidParams, limitExceeded, serverError } from '../errors.ts';
import type { BlockId } from '../params/block-id.ts';
import type { LogFilterArgs } from '../params/log-filter.ts';
import type { Services } from '../services.ts';
import { takeTurns } from '../turns.ts';
import type { View } from '../views/transaction.ts';
import { matchingLogs, mayMatch } from './match-logs.ts';

/**
 * The wanted logs of a block or a range of blocks.
 *
 * @throws RpcError for ranges that lie beyond the head, run backwards or are too long, for an
 *   unknown block, for more logs than one answer may have, and when the request's time is over
 */
export async function findLogs(services: Services, filter: LogFilterArgs): Promise<View[]> {
  const { blooms, chain, limits } = services;
  if (filter.blockHash !== undefined) {
    const block = await chain.blockByHash(filter.blockHash);
    if (block === undefined) throw serverError('unknown block');
    return matchingLogs(block, await receiptsOf(services, block), filter);
  }
  const head = chain.head().header.number;
  const from = numberOf(filter.from, head);
  const to = numberOf(filter.to, head);
  if (from > to) throw invalidParams('invalid block range params');
  if (to > head) throw invalidParams('block range extends beyond current head block');
  if (to - from >= BigInt(limits.logBlocks)) {
    throw limitExceeded(`the range has ${to - from + 1n} blocks, at most ${limits.logBlocks}`);
  }
  const views: View[] = [];
  const turns = takeTurns(services);
  for (let number = Number(from); number <= Number(to); number++) {
    const hash = chain.hashOf(number);
    // The chain was rewound meanwhile.
    if (hash === undefined) break;
    if (turns.isOver()) await turns.next();
    const known = blooms.get(hash);
    if (known !== undefined && !mayMatch(known, filter)) continue;
    const block = await chain.block(number);
    if (block === undefined) break;
    blooms.set(block.hash, block.header.logsBloom);
    if (mayMatch(block.header.logsBloom, filter)) {
      views.push(...matchingLogs(block, await receiptsOf(services, block), filter));
    }
    if (views.length > limits.logResults) {
      throw limitExceeded(
        `query returned more than ${limits.logResults} results; try the range ` +
          `${from} to ${Math.max(Number(from), number - 1)}`,
      );
    }
  }
  return views;
}

/** Receipts of a block of the canonical chain; of no other block are they kept. */
export async function receiptsOf(services: Services, block: Block): Promise<readonly Receipt[]> {
  const number = Number(block.header.number);
  const canonical = services.chain.hashOf(number);
  if (canonical === undefined || !equalBytes(canonical, block.hash)) return [];
  return (await services.chain.receipts(number)) ?? [];
}

function numberOf(id: BlockId | undefined, head: bigint): bigint {
  if (id === undefined) return head;
  if ('number' in id) return id.number;
  return 'tag' in id && id.tag === 'earliest' ? 0n : head;
}
