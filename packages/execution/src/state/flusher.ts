import type { OrderedTables, TableWrite } from '@basalt/store';
import { FLUSH_BLOCKS, FLUSH_VALUES, WAITING_BLOCKS_MAX } from './limits.ts';

/** Everything that differs from what the engine has, at one moment. */
export interface FlushJob {
  readonly writes: readonly TableWrite[];
  settled(): void;
  /** The engine took nothing, or nobody knows: all of it goes with the next. */
  failed(): void;
}

/**
 * Brings commits to the engine, many at once: what blocks in a row change again and again, the
 * upper branches of the tries before all, is written once. A crash costs the blocks that waited,
 * which the chain's log has.
 */
export class Flusher {
  readonly #engine: OrderedTables;
  readonly #begin: () => FlushJob;
  /** Commits that wait, and what they changed. */
  #commits = 0;
  #values = 0;
  #running: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(engine: OrderedTables, begin: () => FlushJob) {
    this.#engine = engine;
    this.#begin = begin;
  }

  /** @throws what the engine said when it takes no writes and too much waits */
  assertRoom(): void {
    if (this.#failure !== undefined && this.#commits >= WAITING_BLOCKS_MAX) throw this.#failure;
  }

  /** One commit more, with so many values. */
  add(values: number, isUrgent: boolean): void {
    this.#commits++;
    this.#values += values;
    if (isUrgent || this.#isDue()) this.#start();
  }

  /** @throws StoreError what the engine said; the commits still wait, and the next call tries */
  async flush(): Promise<void> {
    while (this.#commits > 0) {
      this.#start();
      await this.#running;
      if (this.#failure !== undefined) throw this.#failure;
    }
  }

  #isDue(): boolean {
    return this.#commits >= FLUSH_BLOCKS || this.#values >= FLUSH_VALUES;
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    // Whoever commits goes on first.
    await Promise.resolve();
    this.#failure = undefined;
    do {
      const commits = this.#commits;
      const values = this.#values;
      const job = this.#begin();
      try {
        await this.#engine.commit(job.writes);
      } catch (error) {
        job.failed();
        this.#failure = error instanceof Error ? error : new Error(String(error));
        return;
      }
      this.#commits -= commits;
      this.#values -= values;
      job.settled();
    } while (this.#isDue());
  }
}
