import { assert, type Hash32, type NamespaceId, parseNote, type Scheduler } from '@basalt/protocol';
import type { CoveredHead } from './checkpointer.ts';
import { GATE_RETRY_MS } from './limits.ts';
import type { CheckpointGate } from './types.ts';

export interface HeldCheckpointsParts {
  readonly gate: CheckpointGate | undefined;
  readonly scheduler: Scheduler;
  readonly originOf: (namespace: NamespaceId) => string;
  readonly consistency: (namespace: NamespaceId, from: number, to: number) => Promise<Hash32[]>;
  /** The note may leave now. */
  readonly onReleased: (head: CoveredHead, note: string) => Promise<void>;
}

interface Signed {
  readonly head: CoveredHead;
  readonly note: string;
}

/** One log that is held back. Owner of the fields: the loop of `#run`. */
interface Held {
  /** Signed after the one that the gate has now; only the newest counts. */
  waiting: Signed | undefined;
  /** Size that was signed last. */
  size: number;
  isRunning: boolean;
  cancelRetry: (() => void) | undefined;
}

/**
 * Checkpoints that are signed and durable, but may leave only after the gate (witnesses) says so.
 * One for each log is at the gate, the newest waits behind it, those between are skipped: the later
 * one covers them.
 */
export class HeldCheckpoints {
  readonly #parts: HeldCheckpointsParts;
  /** Bounded by the logs that the gate holds. */
  readonly #held = new Map<NamespaceId, Held>();
  readonly #releasing = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: HeldCheckpointsParts) {
    this.#parts = parts;
  }

  holds(namespace: NamespaceId): boolean {
    return this.#parts.gate?.holds(this.#parts.originOf(namespace)) === true;
  }

  /** Size signed last of a log that is held back, 0 for none: no need to sign it again. */
  signedSize(namespace: NamespaceId): number {
    return this.#held.get(namespace)?.size ?? 0;
  }

  submit(head: CoveredHead, note: string): void {
    const { namespace, size } = head;
    const held = this.#held.get(namespace) ?? {
      waiting: undefined,
      size: 0,
      isRunning: false,
      cancelRetry: undefined,
    };
    this.#held.set(namespace, held);
    held.waiting = { head, note };
    held.size = Math.max(held.size, size);
    this.#start(held);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const held of this.#held.values()) held.cancelRetry?.();
    await Promise.allSettled(this.#releasing);
  }

  #start(held: Held): void {
    if (held.isRunning || held.cancelRetry !== undefined || this.#closed) return;
    held.isRunning = true;
    void this.#run(held).finally(() => {
      held.isRunning = false;
      // One may have come after the loop had looked for the last time.
      if (held.waiting !== undefined) this.#start(held);
    });
  }

  /** Never throws: what goes wrong is tried again with the newest checkpoint. */
  async #run(held: Held): Promise<void> {
    while (held.waiting !== undefined && !this.#closed) {
      const signed = held.waiting;
      held.waiting = undefined;
      const isReleased = await this.#offer(signed).catch(() => false);
      if (this.#closed || isReleased) continue;
      held.waiting ??= signed;
      held.cancelRetry = this.#parts.scheduler.after(GATE_RETRY_MS, () => {
        held.cancelRetry = undefined;
        this.#start(held);
      });
      return;
    }
  }

  async #offer({ head, note }: Signed): Promise<boolean> {
    const { gate, originOf, consistency, onReleased } = this.#parts;
    assert(gate !== undefined, 'only a gate holds checkpoints back');
    const { namespace, size, root } = head;
    const released = await gate.release({
      namespace,
      origin: originOf(namespace),
      size,
      root,
      note,
      consistency: (from) => consistency(namespace, from, size),
    });
    if (released === undefined || this.#closed) return false;
    assert(parseNote(released).text === parseNote(note).text, 'a gate adds lines, nothing else');
    const done = onReleased(head, released);
    this.#releasing.add(done);
    try {
      await done;
    } finally {
      this.#releasing.delete(done);
    }
    return true;
  }
}
