/** Where time begins when a test names no other: 2027-01-15, 08:00 UTC. */
const START_MS = 1_800_000_000_000;
/** Turns of the event loop in which what waits in memory, step after step, comes to rest. */
const SETTLE_TURNS = 8;

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** Time that moves only when told, a `Clock` and a `Scheduler`; timers run inside `advance`. */
export class TestTime {
  #nowMs: number;
  #timers: Timer[] = [];

  constructor(nowMs: number = START_MS) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Runs what is due, in order, and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#timers
        .filter(({ atMs }) => atMs <= untilMs)
        .toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
      await settle();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

/** Lets every promise that can go on go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < SETTLE_TURNS; i++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
