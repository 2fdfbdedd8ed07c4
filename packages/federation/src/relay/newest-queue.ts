/**
 * Runs something for each key, a few at a time, always with the newest value: while a key runs or
 * waits, a newer value takes the older one's place. So what waits is bounded by the number of keys.
 */
export class NewestQueue<Key, Value> {
  readonly #run: (key: Key, value: Value) => Promise<void>;
  readonly #atOnce: number;
  readonly #waiting = new Map<Key, Value>();
  readonly #running = new Map<Key, Promise<void>>();

  /** @param run must not reject */
  constructor(atOnce: number, run: (key: Key, value: Value) => Promise<void>) {
    this.#atOnce = atOnce;
    this.#run = run;
  }

  set(key: Key, value: Value): void {
    this.#waiting.set(key, value);
    this.#startNext();
  }

  /** Drops what waits; resolves when nothing runs. */
  async close(): Promise<void> {
    this.#waiting.clear();
    await Promise.all(this.#running.values());
  }

  #startNext(): void {
    for (const [key, value] of this.#waiting) {
      if (this.#running.size >= this.#atOnce) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      const run = this.#run(key, value).finally(() => {
        this.#running.delete(key);
        this.#startNext();
      });
      this.#running.set(key, run);
    }
  }
}
