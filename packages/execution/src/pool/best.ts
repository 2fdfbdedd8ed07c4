import type { RecoveredTransaction } from '../transaction/types.ts';
import { type Entry, tipAt } from './entry.ts';
import { Heap } from './heap.ts';
import type { SenderQueue } from './sender-queue.ts';
import type { Pool } from './types.ts';

interface Candidate {
  readonly queue: SenderQueue;
  index: number;
  entry: Entry;
  tip: bigint;
}

/**
 * Highest effective tip first, with each sender's in order of nonce; of equal tips the older first.
 * A sender whose next transaction can not be in this block is passed over. O(n log s) for n taken
 * of s senders, after one look at each sender.
 */
export function takeBest(
  queues: Iterable<SenderQueue>,
  options: Parameters<Pool['best']>[0],
): RecoveredTransaction[] {
  const heap = new Heap<Candidate>(
    (a, b) => (a.tip === b.tip ? a.entry.sequence < b.entry.sequence : a.tip > b.tip),
    () => {},
  );
  for (const queue of queues) {
    const candidate = candidateAt(queue, 0, options);
    if (candidate !== undefined) heap.push(candidate);
  }
  const wanted = Number(options.gas) * (options.overfill ?? 1);
  const taken: RecoveredTransaction[] = [];
  let gas = 0;
  while (gas < wanted) {
    const best = heap.top;
    if (best === undefined) break;
    taken.push(best.entry.transaction);
    gas += Number(best.entry.transaction.fields.gasLimit);
    const next = candidateAt(best.queue, best.index + 1, options);
    if (next === undefined) {
      heap.pop();
      continue;
    }
    Object.assign(best, next);
    heap.moved(0);
  }
  return taken;
}

function candidateAt(
  queue: SenderQueue,
  index: number,
  { baseFee, blobBaseFee, gas }: Parameters<Pool['best']>[0],
): Candidate | undefined {
  if (index >= queue.executable) return undefined;
  const entry = queue.entries[index] as Entry;
  const { fields } = entry.transaction;
  if (entry.feeCap < baseFee || fields.gasLimit > gas) return undefined;
  if (fields.type === 3 && (blobBaseFee === undefined || fields.maxFeePerBlobGas < blobBaseFee)) {
    return undefined;
  }
  return { queue, index, entry, tip: tipAt(entry.feeCap, entry.tipCap, baseFee) };
}
