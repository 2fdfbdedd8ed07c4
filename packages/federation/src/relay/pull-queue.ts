import type { NamespaceId } from '@basalt/protocol';
import type { PathList } from '../peer/path-list.ts';
import type { Announcement } from './announce.ts';
import { PULLS_MAX, PULLS_WAITING_MAX, TELLERS_MAX } from './limits.ts';

/** One reason to pull a log: somebody has more of it. */
export interface PullWish {
  readonly namespace: NamespaceId;
  readonly url: string;
  /** The block that was announced, where it was that. */
  readonly announced: Announcement | undefined;
  /** How the word of it came here; empty when this node found out itself. */
  readonly path: PathList;
}

/** Runs one wish; true when the log is now as far as the wish said, so others need not be tried. */
export type RunPull = (wish: PullWish) => Promise<boolean>;

/**
 * Pulls a few logs at a time, each log by one pull at a time. Wishes for a log that is being pulled
 * wait and are tried one after another, the newest of each node only.
 */
export class PullQueue {
  readonly #run: RunPull;
  /** Per log, per node. Both bounded; in order of arrival. */
  readonly #waiting = new Map<NamespaceId, Map<string, PullWish>>();
  readonly #running = new Map<NamespaceId, Promise<void>>();
  #isClosed = false;

  constructor(run: RunPull) {
    this.#run = run;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get running(): number {
    return this.#running.size;
  }

  /** False: the queue is full, or closed. */
  want(wish: PullWish): boolean {
    if (this.#isClosed) return false;
    let wishes = this.#waiting.get(wish.namespace);
    if (wishes === undefined) {
      if (this.#waiting.size >= PULLS_WAITING_MAX) return false;
      wishes = new Map();
      this.#waiting.set(wish.namespace, wishes);
    }
    wishes.delete(wish.url);
    wishes.set(wish.url, wish);
    const oldest = wishes.keys().next();
    if (wishes.size > TELLERS_MAX && !oldest.done) wishes.delete(oldest.value);
    this.#startNext();
    return true;
  }

  /** Resolves when nothing runs or waits. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting.clear();
    await this.idle();
  }

  #startNext(): void {
    for (const [namespace, wishes] of this.#waiting) {
      if (this.#running.size >= PULLS_MAX) return;
      if (this.#running.has(namespace)) continue;
      this.#waiting.delete(namespace);
      const run = this.#pull([...wishes.values()]).finally(() => {
        this.#running.delete(namespace);
        this.#startNext();
      });
      this.#running.set(namespace, run);
    }
  }

  /** The newest wish first: who told last has most. */
  async #pull(wishes: readonly PullWish[]): Promise<void> {
    for (const wish of wishes.toReversed()) if (await this.#run(wish)) return;
  }
}
