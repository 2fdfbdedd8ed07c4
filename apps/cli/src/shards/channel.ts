/** Payloads that may wait for one shard: a batch is under way, a second one fills. */
const WAITING_MAX = 512;

/** From one reader to one writer, in order; a full one holds the reader back. */
export class Channel {
  #waiting: Uint8Array[] = [];
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #room: (() => void) | undefined;

  /** @throws what `fail` was given */
  async push(payload: Uint8Array): Promise<void> {
    while (this.#waiting.length >= WAITING_MAX && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#room = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#waiting.push(payload);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** The writer stopped: whoever pushes is told. The first reason stays. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#room?.();
    this.#wake?.();
  }

  async *read(): AsyncGenerator<readonly Uint8Array[], void, undefined> {
    for (;;) {
      if (this.#waiting.length > 0) {
        const payloads = this.#waiting;
        this.#waiting = [];
        this.#room?.();
        yield payloads;
      } else if (this.#ended || this.#failure !== undefined) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
