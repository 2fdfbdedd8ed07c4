import type { NamespaceId } from '@basalt/protocol';
import type { LogStore, NamespaceHead } from '@basalt/store';
import { LedgerError } from '../errors.ts';
import { readChainFacts } from './chain-facts.ts';
import type { ChainFacts } from './decide.ts';
import { type IsArchived, planRetention } from './plan.ts';

/** What holds payloads beside the ledger itself, for a retention and for a prune by hand alike. */
export interface PruneHolds {
  /** Where given, nothing goes that it does not name. */
  readonly isArchived?: IsArchived;
  /** Ids or labels of namespaces whose payloads stay. */
  readonly untouched?: readonly string[];
}

/** Who has the payloads stay. */
export type PruneHolder = 'super-log' | 'untouched' | 'freeze' | 'checkpoint' | 'archive';

/**
 * Lets all payloads below an index go, beyond the policy of a retention and under its guards: all
 * of them, or none where one has to stay. What is asked for beyond the last block is nothing more.
 *
 * @returns how many went
 * @throws LedgerError `payloads-held` (`heldBy` is a {@link PruneHolder}, `from` the first index
 *   that has to stay), `unknown-namespace`
 */
export async function pruneBefore(
  store: LogStore,
  namespace: NamespaceId,
  beforeIndex: number,
  holds: PruneHolds,
): Promise<number> {
  const head = await store.head(namespace);
  if (head === undefined) {
    throw new LedgerError('unknown-namespace', 'the ledger has no such namespace', { namespace });
  }
  const before = Math.min(beforeIndex, head.size);
  if (before === 0) return 0;
  const facts = await readFacts(store, head, holds);
  if (facts.coveredSize < before) {
    const words = `no published checkpoint covers the blocks from ${facts.coveredSize} on`;
    throw held(head, 'checkpoint', words, facts.coveredSize);
  }
  const from = await firstHeld(store, { ...facts, coveredSize: before }, head, holds);
  if (from < before) {
    const words = `not enough archives vouch now for the payload of block ${from}`;
    throw held(head, 'archive', words, from);
  }
  return await store.prunePayloads(namespace, before);
}

async function readFacts(
  store: LogStore,
  head: NamespaceHead,
  { untouched = [] }: PruneHolds,
): Promise<ChainFacts> {
  // Of no age: what is asked for by hand may be of today.
  const facts = await readChainFacts(store, head, 0);
  if (facts === undefined) {
    throw held(head, 'super-log', 'the proofs of the super-log are made from its payloads', 0);
  }
  if (untouched.includes(head.namespace) || untouched.includes(facts.label)) {
    throw held(head, 'untouched', 'this namespace is replayed from its payloads', 0);
  }
  if (facts.isFrozen) {
    const words = 'a fork was proven here: the payloads stay until it is resolved';
    throw held(head, 'freeze', words, 0);
  }
  return facts;
}

/** First index that an archive has to have first; the end of what is asked for where none has. */
async function firstHeld(
  store: LogStore,
  facts: ChainFacts,
  { namespace, payloadsFrom }: NamespaceHead,
  { isArchived }: PruneHolds,
): Promise<number> {
  if (isArchived === undefined) return facts.coveredSize;
  const chain = { ...facts, namespace };
  let from = payloadsFrom;
  while (from < facts.coveredSize) {
    const plan = await planRetention(store, { mode: 'keep-headers' }, chain, { from, isArchived });
    from = Math.max(from, plan.before);
    if (plan.next === undefined) return from;
  }
  return from;
}

function held(
  { namespace }: NamespaceHead,
  heldBy: PruneHolder,
  words: string,
  from: number,
): LedgerError {
  return new LedgerError('payloads-held', `nothing went: ${words}`, { namespace, heldBy, from });
}
