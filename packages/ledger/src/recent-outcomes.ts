import { type BlockHash, toHex } from '@basalt/protocol';
import { REFUSED_MAX } from './limits.ts';
import type { SubmitOutcome } from './types.ts';

/** What is known of a submission that is not in the log (yet). */
export type PendingStatus = Extract<SubmitOutcome, { status: 'queued' | 'rejected' }>;

/** Remembers queued and refused blocks by hash, the oldest give way. */
export class RecentOutcomes {
  /** Insertion order is age; bounded by REFUSED_MAX. */
  readonly #outcomes = new Map<string, PendingStatus>();

  get(hash: BlockHash): PendingStatus | undefined {
    return this.#outcomes.get(toHex(hash));
  }

  note(outcomes: readonly SubmitOutcome[]): void {
    for (const outcome of outcomes) {
      const isPending = outcome.status === 'queued' || outcome.status === 'rejected';
      // The usual case: all is well and nothing is remembered.
      if (!isPending && this.#outcomes.size === 0) continue;
      const key = toHex(outcome.blockHash);
      this.#outcomes.delete(key);
      if (!isPending) continue;
      this.#outcomes.set(key, outcome);
      if (this.#outcomes.size <= REFUSED_MAX) continue;
      this.#outcomes.delete(this.#outcomes.keys().next().value as string);
    }
  }
}
