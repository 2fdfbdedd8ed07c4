import type { NamespaceId } from '@basalt/protocol';
import type { LogStore } from '@basalt/store';
import { readBlockFacts } from './chain-facts.ts';
import { type ChainFacts, isPrefixPolicy, mayGo } from './decide.ts';
import { PAGE_BLOCKS, PLAN_BLOCKS_MAX } from './limits.ts';
import type { RetentionPolicy } from './policy.ts';

/**
 * Whether an archive has said that it holds a block (its cosignature as a mirror covers the
 * index). What it does not hold stays.
 */
export type IsArchived = (namespace: NamespaceId, index: number) => boolean | Promise<boolean>;

export interface RetentionPlan {
  /** Payloads below go; 0 where the policy does not take a beginning of the log. */
  readonly before: number;
  /** Single payloads that go. */
  readonly indexes: readonly number[];
  /** Payloads that are here and go. */
  readonly payloads: number;
  /** Their bytes, before compression. */
  readonly bytes: number;
  /**
   * Payloads that would go if an archive held them; where a policy takes a beginning of the log,
   * the first of them only.
   */
  readonly waiting: number;
  /** Where the next plan begins; undefined: all was looked at. */
  readonly next: number | undefined;
}

/** Looks at blocks from `from` on, at most {@link PLAN_BLOCKS_MAX} of them. Changes nothing. */
export async function planRetention(
  store: LogStore,
  policy: RetentionPolicy,
  chain: ChainFacts & { readonly namespace: NamespaceId },
  { from, isArchived }: { readonly from: number; readonly isArchived?: IsArchived },
): Promise<RetentionPlan> {
  const { namespace } = chain;
  const isPrefix = isPrefixPolicy(policy);
  const end = Math.min(chain.coveredSize, chain.size);
  const indexes: number[] = [];
  let [at, payloads, bytes, waiting] = [from, 0, 0, 0];
  let isOver = false;
  while (at < end && at - from < PLAN_BLOCKS_MAX && !isOver) {
    const count = Math.min(PAGE_BLOCKS, end - at);
    const page = await readBlockFacts(store, namespace, at, count);
    const held = await store.heldPayloads(namespace, at, count);
    for (const [i, block] of page.entries()) {
      const wanted = mayGo(policy, chain, block);
      const allowed = wanted && ((await isArchived?.(namespace, block.index)) ?? true);
      if (wanted && !allowed && held[i] === true) waiting++;
      if (!allowed && isPrefix) {
        isOver = true;
        break;
      }
      at++;
      if (!allowed || held[i] !== true) continue;
      payloads++;
      bytes += block.payloadLength;
      if (!isPrefix) indexes.push(block.index);
    }
    if (page.length === 0) break;
  }
  const isWhole = isOver || at >= end || at === from;
  const before = isPrefix && at > from ? at : 0;
  return { before, indexes, payloads, bytes, waiting, next: isWhole ? undefined : at };
}
