import type { Clock } from '@basalt/protocol';

/** A scan may take a twentieth of the time: strangers can cause scans, not keep a core busy. */
const SHARE = 20;

/** Scans shorter than this are let through whenever they are wanted. */
const FREE_MS = 5;

/**
 * Lets a walk over all namespaces run only so often that it takes at most a twentieth of the time.
 * Who comes while one runs waits for that one.
 */
export class ScanGate<Result> {
  readonly #clock: Clock;
  readonly #scan: () => Promise<Result>;
  #running: Promise<Result> | undefined;
  #endedMs = Number.NEGATIVE_INFINITY;
  #tookMs = 0;

  constructor(clock: Clock, scan: () => Promise<Result>) {
    this.#clock = clock;
    this.#scan = scan;
  }

  /** Milliseconds since the last scan ended. */
  get ageMs(): number {
    return this.#clock.nowMs() - this.#endedMs;
  }

  /** The result of a scan that began now or runs already; undefined when it is too soon for one. */
  run(): Promise<Result> | undefined {
    if (this.#running !== undefined) return this.#running;
    if (this.ageMs < SHARE * Math.max(0, this.#tookMs - FREE_MS)) return undefined;
    const startedMs = this.#clock.nowMs();
    this.#running = this.#scan().finally(() => {
      this.#endedMs = this.#clock.nowMs();
      this.#tookMs = this.#endedMs - startedMs;
      this.#running = undefined;
    });
    return this.#running;
  }
}
