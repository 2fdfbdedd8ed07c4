import type { Ledger } from '@basalt/ledger';
import { decodeEntry, type NamespaceId } from '@basalt/protocol';

const DAY_MS = 86_400_000;

/**
 * The seed's `archive_retention_days`: lets payloads go that are older than so many days. Headers,
 * signatures and proofs stay for ever, and so do payloads that no checkpoint covers. The node's own
 * super-log is left whole: its proofs are made from payloads. Returns how many payloads went.
 */
export async function retainDays(ledger: Ledger, days: number, nowMs: number): Promise<number> {
  let count = 0;
  const sinceMs = nowMs - days * DAY_MS;
  for await (const { namespace, checkpointSize, payloadsFrom } of ledger.namespaces()) {
    if (namespace === ledger.superNamespace()) continue;
    const before = await firstSince(ledger, namespace, payloadsFrom, checkpointSize, sinceMs);
    if (before > payloadsFrom) count += await ledger.prunePayloads(namespace, before);
  }
  return count;
}

/** First index in [from, size) with a timestamp at or after `sinceMs`; they never fall. */
async function firstSince(
  ledger: Ledger,
  namespace: NamespaceId,
  from: number,
  size: number,
  sinceMs: number,
): Promise<number> {
  let [low, high] = [from, size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [entry] = await ledger.entries(namespace, middle, 1);
    const isOld = entry !== undefined && decodeEntry(entry).header.timestampMs < sinceMs;
    if (isOld) low = middle + 1;
    else high = middle;
  }
  return low;
}
