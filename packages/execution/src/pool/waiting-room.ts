import type { SenderQueue } from './sender-queue.ts';

/** Which senders have something that can not be executed yet, and which of them lack money only. */
export class WaitingRoom {
  readonly #nowMs: () => number;
  /** The one that was quiet for longest first. */
  readonly #waiting = new Set<SenderQueue>();
  /** The one that was not looked at for longest first. */
  readonly #poor = new Set<SenderQueue>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** To be called whenever the entries of a queue changed. */
  update(queue: SenderQueue): void {
    if (queue.queued === 0) {
      this.#waiting.delete(queue);
    } else if (!this.#waiting.has(queue)) {
      queue.beatMs = this.#nowMs();
      this.#waiting.add(queue);
    }
    if (queue.lacksMoney) this.#poor.add(queue);
    else this.#poor.delete(queue);
  }

  /** The sender gave a sign of life. */
  touch(queue: SenderQueue): void {
    if (!this.#waiting.delete(queue)) return;
    queue.beatMs = this.#nowMs();
    this.#waiting.add(queue);
  }

  /** Those that were quiet since then, or longer. */
  quietSince(timeMs: number): SenderQueue[] {
    const quiet: SenderQueue[] = [];
    for (const queue of this.#waiting) {
      if (queue.beatMs > timeMs) break;
      quiet.push(queue);
    }
    return quiet;
  }

  /** Some of those that lack money, others each time: a contract may have paid them. */
  takeTurns(count: number): SenderQueue[] {
    const turn: SenderQueue[] = [];
    for (const queue of this.#poor) {
      if (turn.length >= count) break;
      turn.push(queue);
    }
    for (const queue of turn) {
      this.#poor.delete(queue);
      this.#poor.add(queue);
    }
    return turn;
  }
}
