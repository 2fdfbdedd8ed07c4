import type { Clock } from '@basalt/protocol';
import type { PeerBook } from '../peer/peer-book.ts';
import type { Lie, LieReason } from './lie.ts';
import { LIES_MAX } from './limits.ts';

/** A lie as it is told to people. */
export interface ReportedLie {
  readonly url: string;
  readonly reason: LieReason;
  readonly message: string;
  readonly evidence: Readonly<Record<string, string>>;
  readonly atMs: number;
}

/** Who was caught at what; the liar is put aside. */
export class Lies {
  readonly #book: PeerBook;
  readonly #clock: Clock;
  readonly #lies: ReportedLie[] = [];
  readonly #onLie: ((lie: ReportedLie) => void) | undefined;

  constructor(book: PeerBook, clock: Clock, onLie?: (lie: ReportedLie) => void) {
    this.#book = book;
    this.#clock = clock;
    this.#onLie = onLie;
  }

  report(lie: Lie): void {
    const atMs = this.#clock.nowMs();
    const { url, reason, message, evidence } = lie;
    // A cache on the way may hold an old head for a while: a short pause is enough for that.
    if (reason === 'old-head') this.#book.failed(url, message, atMs);
    else this.#book.lied(url, message, atMs);
    const reported = { url, reason, message, evidence, atMs };
    this.#lies.push(reported);
    if (this.#lies.length > LIES_MAX) this.#lies.shift();
    this.#onLie?.(reported);
  }

  /** Newest last. */
  all(): readonly ReportedLie[] {
    return [...this.#lies];
  }
}
