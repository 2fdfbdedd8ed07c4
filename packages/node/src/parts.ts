/** What has started, to be stopped in the reverse order. */
export class Parts {
  #stops: (() => unknown)[] = [];
  #stopping: Promise<void> | undefined;

  onStop(stop: () => unknown): void {
    this.#stops.push(stop);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#run();
    return this.#stopping;
  }

  /** Each part gets its turn even when one before it fails; the first failure is thrown. */
  async #run(): Promise<void> {
    let failure: { error: unknown } | undefined;
    for (const stop of this.#stops.toReversed()) {
      try {
        await stop();
      } catch (error) {
        failure ??= { error };
      }
    }
    if (failure !== undefined) throw failure.error;
  }
}
