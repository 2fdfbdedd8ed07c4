/** Buckets per doubling: a value is told to within 1.1 %. */
const STEPS_PER_DOUBLING = 64;
/** Microseconds; what is faster counts as this. */
const LEAST = 1;
/** Up to an hour. */
const STEPS = Math.ceil(Math.log2(3_600_000_000 / LEAST) * STEPS_PER_DOUBLING) + 1;

/** Durations in buckets of constant relative width: bounded memory, and no value is lost. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(STEPS);
  #count = 0;
  #sum = 0;
  #most = 0;

  /** @param milliseconds of one request */
  add(milliseconds: number): void {
    const micros = Math.max(LEAST, milliseconds * 1_000);
    const step = Math.min(STEPS - 1, Math.round(Math.log2(micros / LEAST) * STEPS_PER_DOUBLING));
    this.#counts[step] = (this.#counts[step] as number) + 1;
    this.#count++;
    this.#sum += milliseconds;
    this.#most = Math.max(this.#most, milliseconds);
  }

  get count(): number {
    return this.#count;
  }

  /** Milliseconds, exactly; 0 where nothing was added. */
  get most(): number {
    return this.#most;
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** @returns milliseconds that this part of the requests stayed at or below; 0 without any */
  quantile(part: number): number {
    const rank = Math.max(1, Math.ceil(part * this.#count - 1e-9));
    let below = 0;
    for (const [step, count] of this.#counts.entries()) {
      below += count;
      if (below >= rank) {
        return Math.min(this.#most, (LEAST * 2 ** (step / STEPS_PER_DOUBLING)) / 1_000);
      }
    }
    return 0;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#most = 0;
  }
}
