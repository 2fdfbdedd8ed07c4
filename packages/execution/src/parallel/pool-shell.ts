/** The calling thread's side of a pool of workers that run one block at a time together. */
import { Worker } from 'node:worker_threads';
import { headWord, type ReportOutcome, schedulerPlace, WorkerChannel } from './control.ts';
import { CANCEL_WAIT_MS, COORDINATOR_SLEEP_MS, COORDINATOR_TURN_MS } from './limits.ts';
import { loadScheduler } from './load-scheduler-shell.ts';
import { answerMailbox, type MailboxState } from './mailbox.ts';
import type { BlockMessage, WorkerSetup } from './messages.ts';
import { attachScheduler, readCounters, type SchedulerExports } from './scheduler.ts';
import type { SchedulerStatistics } from './types.ts';

export interface WorkerPoolOptions<Setup> {
  /** The worker's module: it calls `serveBlocks`. */
  readonly workerFile: URL;
  readonly workers: number;
  readonly memory: WebAssembly.Memory;
  /** `poolBytes` from here on are the pool's. */
  readonly controlAt: number;
  /** Most transactions of a block. */
  readonly transactions: number;
  readonly setup: Setup;
  /** What workers send beside their reports. */
  readonly onMessage?: (worker: Worker, message: { readonly kind: string }) => void;
}

export interface PoolBlock<Payload> {
  readonly count: number;
  readonly payload: Payload;
  /** For each transaction the lower one that it should wait for, or -1. */
  readonly hints: Int32Array;
  readonly state: MailboxState;
  readonly scheduleSeed?: number | undefined;
}

export interface PoolRun {
  /** `worker-lost`: a thread ended. The pool can not be used again. */
  readonly outcome: ReportOutcome | 'worker-lost';
  /** Of a failure. */
  readonly message: string;
  readonly statistics: SchedulerStatistics;
  /** Questions answered. */
  readonly misses: number;
  /** Time that the workers were at work, all together. */
  readonly busyMs: number;
}

/**
 * Worker threads on one shared memory. Idle threads do not keep the process alive. A pool that lost
 * a thread is of no more use, as that thread may have held a lock: `close` it and make another one
 * with a new memory.
 */
export class WorkerPool<Setup, Payload> {
  readonly #options: WorkerPoolOptions<Setup>;
  readonly #scheduler: SchedulerExports;
  readonly #head: Int32Array;
  readonly #workers: Worker[];
  readonly #channels: readonly WorkerChannel[];
  readonly #ready: Promise<void>;
  #isLost = false;
  /** Why the first thread that was lost ended, as far as it said. */
  #lossMessage: string | undefined;
  #sequence = 0;

  constructor(options: WorkerPoolOptions<Setup>) {
    this.#options = options;
    const { memory, controlAt, workers, transactions } = options;
    const place = schedulerPlace(controlAt, workers, transactions);
    this.#scheduler = attachScheduler(loadScheduler(), memory, place);
    this.#head = headWord(memory, controlAt);
    const numbers = Array.from({ length: workers }, (_, worker) => worker);
    this.#channels = numbers.map((worker) => new WorkerChannel(memory, controlAt, worker));
    const started = numbers.map((worker) => this.#start(worker));
    this.#workers = started.map(({ worker }) => worker);
    this.#ready = Promise.all(started.map(({ ready }) => ready)).then(() => undefined);
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Runs one block to its end; one at a time. @throws what `block.state` throws */
  async run(block: PoolBlock<Payload>): Promise<PoolRun> {
    for (const worker of this.#workers) worker.ref();
    try {
      await this.#ready;
      if (this.#isLost) return this.#lost(undefined, { misses: 0, busyMs: 0 });
      this.#begin(block);
      return await this.#conduct(block.state);
    } finally {
      for (const worker of this.#workers) worker.unref();
    }
  }

  async close(): Promise<void> {
    this.#isLost = true;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(number: number): { worker: Worker; ready: Promise<void> } {
    const { workerFile, memory, controlAt, workers, transactions, setup } = this.#options;
    const workerData: WorkerSetup<Setup> = {
      worker: number,
      memory,
      controlAt,
      scheduler: schedulerPlace(controlAt, workers, transactions),
      schedulerModule: loadScheduler(),
      setup,
    };
    const worker = new Worker(workerFile, { workerData });
    const ready = new Promise<void>((resolve) => {
      worker.on('message', (message: { readonly kind: string }) => {
        if (message.kind === 'ready') resolve();
        else this.#options.onMessage?.(worker, message);
      });
      // 'exit' follows and does the work; without a listener the error would end the process.
      worker.on('error', (error) => {
        this.#lossMessage ??= String(error);
      });
      worker.on('exit', (code) => {
        this.#lossMessage ??= `worker ${number} ended with exit code ${code}`;
        this.#isLost = true;
        resolve();
      });
    });
    return { worker, ready };
  }

  #begin({ count, hints, payload, scheduleSeed }: PoolBlock<Payload>): void {
    this.#sequence++;
    this.#scheduler.begin(count);
    hints.forEach((predecessor, transaction) => {
      if (predecessor >= 0) this.#scheduler.hint(transaction, predecessor);
    });
    const message: BlockMessage<Payload> = {
      kind: 'block',
      sequence: this.#sequence,
      payload,
      scheduleSeed,
    };
    for (const worker of this.#workers) worker.postMessage(message);
  }

  /**
   * Answers questions until all workers have reported. Sleeps in between; from time to time the
   * event loop gets a turn: timers, requests, and the news that a worker ended.
   */
  async #conduct(state: MailboxState): Promise<PoolRun> {
    let misses = 0;
    let hostError: { readonly error: unknown } | undefined;
    let turnMs = performance.now();
    let cancelledMs: number | undefined;
    for (;;) {
      const seen = Atomics.load(this.#head, 0);
      for (const channel of this.#channels) {
        try {
          if (answerMailbox(channel, state)) misses++;
        } catch (error) {
          hostError ??= { error };
        }
      }
      const reports = this.#channels.map((channel) => channel.readReport(this.#sequence));
      const failed = reports.find((report) => report !== undefined && report.outcome !== 'done');
      const isEveryoneBack = !reports.includes(undefined);
      if (isEveryoneBack && !this.#isLost) {
        if (hostError !== undefined) throw hostError.error;
        const busyMs = reports.reduce((sum, report) => sum + (report?.busyMs ?? 0), 0);
        const outcome = failed?.outcome ?? 'done';
        return this.#result(outcome, failed?.message ?? '', { misses, busyMs });
      }
      const now = performance.now();
      if (this.#isLost || failed !== undefined) {
        if (cancelledMs === undefined) this.#scheduler.cancel();
        cancelledMs ??= now;
        if (isEveryoneBack || now - cancelledMs > CANCEL_WAIT_MS) {
          this.#isLost = true;
          if (hostError !== undefined) throw hostError.error;
          return this.#lost(failed?.message, { misses, busyMs: 0 });
        }
      }
      Atomics.wait(this.#head, 0, seen, COORDINATOR_SLEEP_MS);
      if (performance.now() - turnMs > COORDINATOR_TURN_MS) {
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        turnMs = performance.now();
      }
    }
  }

  #lost(reason: string | undefined, figures: Pick<PoolRun, 'misses' | 'busyMs'>): PoolRun {
    const message = reason ?? this.#lossMessage ?? 'a worker did not come back in time';
    return this.#result('worker-lost', message, figures);
  }

  #result(
    outcome: PoolRun['outcome'],
    message: string,
    figures: Pick<PoolRun, 'misses' | 'busyMs'>,
  ): PoolRun {
    const statistics = readCounters(this.#scheduler, this.#options.workers);
    return { outcome, message, statistics, ...figures };
  }
}
