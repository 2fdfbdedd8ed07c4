/**
 * Runs jobs one at a time; a failed one does not stop the rest. What somebody asked for runs in the
 * order of the calls, and before what is only owed, of which there may be much.
 */
export class Lane {
  readonly #asked: (() => Promise<void>)[] = [];
  readonly #owed: (() => Promise<void>)[] = [];
  readonly #waiting = new Set<Promise<unknown>>();
  #isRunning = false;

  run<Result>(job: () => Promise<Result>): Promise<Result> {
    return this.#add(this.#asked, job);
  }

  /** Once nothing waits that somebody asked for. */
  runOwed<Result>(job: () => Promise<Result>): Promise<Result> {
    return this.#add(this.#owed, job);
  }

  /** Resolves when everything added so far is done. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#waiting);
  }

  #add<Result>(queue: (() => Promise<void>)[], job: () => Promise<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    queue.push(() => job().then(resolve, reject));
    this.#waiting.add(promise);
    const leave = (): void => {
      this.#waiting.delete(promise);
    };
    promise.then(leave, leave);
    if (!this.#isRunning) {
      this.#isRunning = true;
      queueMicrotask(() => this.#runNext());
    }
    return promise;
  }

  #runNext(): void {
    const next = this.#asked.shift() ?? this.#owed.shift();
    this.#isRunning = next !== undefined;
    void next?.().then(() => this.#runNext());
  }
}
