import type { RecoveredTransaction } from '../transaction/types.ts';
import { type Entry, tipAt } from './entry.ts';
import { Heap } from './heap.ts';
import type { SenderQueue } from './sender-queue.ts';
import type { Pool } from './types.ts';

interface Candidate {
  readonly queue: SenderQueue;
  index: number;
  /** undefined: before the first. */
  entry: Entry | undefined;
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
    (a, b) => (a.tip === b.tip ? sequenceOf(a) < sequenceOf(b) : a.tip > b.tip),
    () => {},
  );
  for (const queue of queues) {
    const candidate: Candidate = { queue, index: -1, entry: undefined, tip: 0n };
    if (step(candidate, options)) heap.push(candidate);
  }
  const wanted = Number(options.gas) * (options.overfill ?? 1);
  const taken: RecoveredTransaction[] = [];
  let gas = 0;
  while (gas < wanted) {
    const best = heap.top;
    if (best?.entry === undefined) break;
    taken.push(best.entry.transaction);
    gas += Number(best.entry.transaction.fields.gasLimit);
    if (step(best, options)) heap.moved(0);
    else heap.pop();
  }
  return taken;
}

/** On to the sender's next; false where that can not be in this block. */
function step(
  candidate: Candidate,
  { baseFee, blobBaseFee, gas }: Parameters<Pool['best']>[0],
): boolean {
  const { queue } = candidate;
  const index = candidate.index + 1;
  if (index >= queue.executable) return false;
  const entry = queue.entries[index] as Entry;
  const { fields } = entry.transaction;
  if (entry.feeCap < baseFee || fields.gasLimit > gas) return false;
  if (fields.type === 3 && (blobBaseFee === undefined || fields.maxFeePerBlobGas < blobBaseFee)) {
    return false;
  }
  candidate.index = index;
  candidate.entry = entry;
  candidate.tip = tipAt(entry.feeCap, entry.tipCap, baseFee);
  return true;
}

function sequenceOf({ entry }: Candidate): number {
  return entry?.sequence ?? 0;
}
