import type { OrderedTables } from '@basalt/store';
import type { TrieMemory } from '../trie/trie-memory.ts';
import { FlushBatch, type StateCommit } from './flush.ts';
import { WAITING_BLOCKS_MAX } from './limits.ts';

/** Brings commits to the engine, in order, as many at once as came while the last were written. */
export class Flusher {
  readonly #engine: OrderedTables;
  readonly #memory: TrieMemory;
  readonly #settled: (last: StateCommit) => void;
  readonly #queue: StateCommit[] = [];
  #running: Promise<void> | undefined;
  #failure: Error | undefined;

  /** @param settled told when the engine has everything up to a commit */
  constructor(engine: OrderedTables, memory: TrieMemory, settled: (last: StateCommit) => void) {
    this.#engine = engine;
    this.#memory = memory;
    this.#settled = settled;
  }

  /** @throws what the engine said when it takes no writes and too much waits */
  assertRoom(): void {
    if (this.#failure !== undefined && this.#queue.length >= WAITING_BLOCKS_MAX) {
      throw this.#failure;
    }
  }

  push(commit: StateCommit): void {
    this.#queue.push(commit);
    this.#start();
  }

  /** @throws StoreError what the engine said; the commits still wait, and the next call tries */
  async flush(): Promise<void> {
    while (this.#queue.length > 0) {
      this.#start();
      await this.#running;
      if (this.#failure !== undefined) throw this.#failure;
    }
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
    while (this.#queue.length > 0) {
      // All of them: a branch that a later commit replaced is in memory no more.
      const batch = new FlushBatch(this.#engine, this.#memory);
      const taken = this.#queue.length;
      const last = this.#queue.at(-1);
      for (const commit of this.#queue) batch.add(commit);
      try {
        await this.#engine.commit(batch.writes());
      } catch (error) {
        this.#failure = error instanceof Error ? error : new Error(String(error));
        return;
      }
      this.#queue.splice(0, taken);
      batch.forgetLeaves();
      if (last !== undefined) this.#settled(last);
    }
  }
}
