import { LatencyHistogram } from './latency-histogram.ts';

/** What became of one request. */
export interface Outcome {
  readonly ok: boolean;
  /** Where it was not: `503`, `network`, ... */
  readonly problem?: string;
  /** Of the answer's body. */
  readonly bytes: number;
  /**
   * When the request went out, by `performance.now`: what the tool did before it, a signature say,
   * is not the server's. Absent: as soon as it was asked for.
   */
  readonly sentMs?: number;
}

export interface OpenLoopOptions {
  /** Arrivals a second, on average. */
  readonly rate: number;
  readonly durationMs: number;
  /** Requests under way at once, at most; arrivals beyond wait, and their waiting counts. */
  readonly concurrency: number;
  /** Arrivals at random moments (Poisson) as strangers come, or like a clock. */
  readonly arrivals: 'poisson' | 'even';
  readonly send: () => Promise<Outcome>;
  readonly signal: AbortSignal;
  readonly uniform: () => number;
  readonly onProgress?: (now: LoadNow) => void;
}

export interface LoadNow {
  readonly elapsedMs: number;
  readonly finished: number;
  readonly failed: number;
  readonly inFlight: number;
  /** Arrived, and not sent for want of room. */
  readonly waiting: number;
  /** Milliseconds, over the last second; undefined where nothing was answered in it. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

export interface LoadResult {
  readonly latencies: LatencyHistogram;
  /** From being sent, not from when it should have been: what a closed loop would have told. */
  readonly serviceTimes: LatencyHistogram;
  readonly arrived: number;
  readonly finished: number;
  readonly failed: number;
  /** Answers by problem; bounded by PROBLEMS_MAX. */
  readonly problems: ReadonlyMap<string, number>;
  readonly bytes: number;
  /** From the first arrival to the last answer. */
  readonly elapsedMs: number;
}

const PROBLEMS_MAX = 32;
const PROGRESS_MS = 200;
const WINDOW_MS = 1_000;
/** Arrivals that may wait: ten seconds of a fast load; then the load itself is the fault. */
const WAITING_MAX = 1_000_000;

/**
 * A load whose arrivals do not wait for answers. Each latency counts from the moment at which the
 * request should have been sent: a server that stalls for a second is charged for everybody who
 * would have come in that second ("coordinated omission", Tene 2013).
 */
export async function runOpenLoop(options: OpenLoopOptions): Promise<LoadResult> {
  const run = new OpenLoop(options);
  return await run.result();
}

class OpenLoop {
  readonly #options: OpenLoopOptions;
  readonly #latencies = new LatencyHistogram();
  readonly #serviceTimes = new LatencyHistogram();
  readonly #window = new LatencyHistogram();
  readonly #problems = new Map<string, number>();
  /** Times at which the waiting ones should have been sent, oldest first, from `#next` on. */
  #due: number[] = [];
  #next = 0;
  #arrived = 0;
  #finished = 0;
  #failed = 0;
  #bytes = 0;
  #inFlight = 0;
  #windowSinceMs = 0;
  #shown: Pick<LoadNow, 'p50' | 'p99'> = { p50: undefined, p99: undefined };
  #progressMs = 0;
  #lastMs = 0;

  constructor(options: OpenLoopOptions) {
    this.#options = options;
  }

  async result(): Promise<LoadResult> {
    const { durationMs, signal } = this.#options;
    const startMs = performance.now();
    this.#windowSinceMs = startMs;
    // Counted from the start: an arrival at the very end is none, whatever the clock's fractions.
    let offsetMs = 0;
    const isOver = (): boolean => signal.aborted || offsetMs >= durationMs;
    while (!isOver()) {
      const elapsedMs = performance.now() - startMs;
      while (offsetMs <= elapsedMs && !isOver()) {
        this.#arrive(startMs + offsetMs);
        offsetMs = this.#offsetAfter(offsetMs);
      }
      this.#sendWaiting();
      this.#tell(startMs);
      await pause(startMs + offsetMs - performance.now());
    }
    while (this.#inFlight + this.#waiting > 0 && !signal.aborted) {
      this.#sendWaiting();
      this.#tell(startMs);
      await pause(5);
    }
    return {
      latencies: this.#latencies,
      serviceTimes: this.#serviceTimes,
      arrived: this.#arrived,
      finished: this.#finished,
      failed: this.#failed,
      problems: this.#problems,
      bytes: this.#bytes,
      elapsedMs: Math.max(1, this.#lastMs - startMs),
    };
  }

  get #waiting(): number {
    return this.#due.length - this.#next;
  }

  /** When the next one arrives, in milliseconds from the start; `#arrived` have. */
  #offsetAfter(offsetMs: number): number {
    const { arrivals, rate, uniform } = this.#options;
    if (arrivals === 'even') return (this.#arrived * 1_000) / rate;
    return offsetMs + (-Math.log(1 - uniform()) * 1_000) / rate;
  }

  #arrive(dueMs: number): void {
    this.#arrived++;
    if (this.#waiting >= WAITING_MAX) this.#count({ ok: false, problem: 'never sent', bytes: 0 });
    else this.#due.push(dueMs);
  }

  #sendWaiting(): void {
    while (this.#waiting > 0 && this.#inFlight < this.#options.concurrency) {
      const dueMs = this.#due[this.#next++] as number;
      void this.#send(dueMs);
    }
    if (this.#next > 4_096 && this.#next * 2 > this.#due.length) {
      this.#due = this.#due.slice(this.#next);
      this.#next = 0;
    }
  }

  async #send(dueMs: number): Promise<void> {
    this.#inFlight++;
    const askedMs = performance.now();
    const outcome = await this.#options
      .send()
      .catch((error: unknown): Outcome => ({ ok: false, problem: reasonOf(error), bytes: 0 }));
    this.#inFlight--;
    // What the abort itself broke off is no failure of the server.
    if (this.#options.signal.aborted) return;
    const endMs = performance.now();
    this.#lastMs = endMs;
    this.#count(outcome);
    if (outcome.ok) {
      this.#latencies.add(endMs - dueMs);
      this.#window.add(endMs - dueMs);
      this.#serviceTimes.add(endMs - (outcome.sentMs ?? askedMs));
    }
    this.#sendWaiting();
  }

  #count({ ok, problem = 'failed', bytes }: Outcome): void {
    this.#finished++;
    this.#bytes += bytes;
    if (ok) return;
    this.#failed++;
    const isKnown = this.#problems.has(problem) || this.#problems.size < PROBLEMS_MAX;
    const name = isKnown ? problem : 'other';
    this.#problems.set(name, (this.#problems.get(name) ?? 0) + 1);
  }

  #tell(startMs: number): void {
    const { onProgress } = this.#options;
    const nowMs = performance.now();
    if (onProgress === undefined || nowMs - this.#progressMs < PROGRESS_MS) return;
    this.#progressMs = nowMs;
    if (nowMs - this.#windowSinceMs >= WINDOW_MS) {
      const told = (part: number): number | undefined =>
        this.#window.count === 0 ? undefined : this.#window.quantile(part);
      this.#shown = { p50: told(0.5), p99: told(0.99) };
      this.#window.clear();
      this.#windowSinceMs = nowMs;
    }
    onProgress({
      elapsedMs: nowMs - startMs,
      finished: this.#finished,
      failed: this.#failed,
      inFlight: this.#inFlight,
      waiting: this.#waiting,
      ...this.#shown,
    });
  }
}

/** Timers count whole milliseconds; what is nearer only lets answers in. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (ms < 1) setImmediate(resolve);
    else setTimeout(resolve, Math.min(ms, 50));
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  const code = (error as NodeJS.ErrnoException).code ?? error.name;
  return code === 'ERR_SOCKET_CONNECTION_TIMEOUT' ? 'timeout' : code;
}
