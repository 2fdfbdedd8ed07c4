import { Worker } from 'node:worker_threads';
import { assert } from '@basalt/protocol';
import { CryptoError } from '../errors.ts';
import { readKernelModule } from '../kernel/ed25519-kernel.ts';
import { POOL_RESTARTS_MAX } from '../limits.ts';
import type { JobKind, JobMessage, JobResult, WorkerSetup } from './messages.ts';

/** One chunk of work. `pack` may be called twice: a job outlives the worker that died on it. */
export interface JobSpec {
  readonly kind: JobKind;
  readonly count: number;
  readonly sizeBytes: number;
  readonly pack: (memory: Uint8Array) => void;
}

export interface WorkerQueueOptions {
  readonly workerFile: URL;
  readonly workers: number;
  readonly maxQueuedBlocks: number;
}

interface Job extends JobSpec {
  readonly jobId: number;
  deaths: number;
  readonly resolve: (verdicts: Uint8Array) => void;
  readonly reject: (error: CryptoError) => void;
}

/** One thread and what belongs to it. `memory` is written only while the thread is idle. */
interface Slot {
  worker: Worker | undefined;
  job: Job | undefined;
  memory: SharedArrayBuffer;
  /** Deaths since the last finished job; at the limit the slot stays empty. */
  deaths: number;
}

/** Smallest shared memory of a worker: a thousand blocks of 256 bytes. */
const MEMORY_BYTES_MIN: number = 256 * 1024;
/** A job may survive one death; a second one is its own doing. */
const JOB_DEATHS_MAX = 2;

/** First in, first out over worker threads; bounded by blocks, not by jobs. */
export class WorkerQueue {
  readonly #options: WorkerQueueOptions;
  readonly #slots: Slot[];
  /** Bounded: the blocks of all jobs here and in the slots are at most `maxQueuedBlocks`. */
  readonly #waiting: Job[] = [];
  #blocks = 0;
  #nextJobId = 0;
  #isClosed = false;
  /** Read when the first worker starts. */
  #setup: WorkerSetup | undefined;

  constructor(options: WorkerQueueOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.workers }, () => ({
      worker: undefined,
      job: undefined,
      memory: new SharedArrayBuffer(0),
      deaths: 0,
    }));
  }

  /** Blocks waiting or in work. */
  get blocks(): number {
    return this.#blocks;
  }

  /** @throws CryptoError `queue-full`, `closed` */
  assertRoom(blocks: number): void {
    if (this.#isClosed) throw closedError();
    const { maxQueuedBlocks } = this.#options;
    if (this.#blocks + blocks > maxQueuedBlocks) {
      throw new CryptoError('queue-full', 'expected room in the queue: retry when it drained', {
        queuedBlocks: this.#blocks,
        offeredBlocks: blocks,
        maxQueuedBlocks,
      });
    }
  }

  /** Runs all jobs; verdict bytes in their order. Rejects with the first failure. */
  async run(specs: readonly JobSpec[]): Promise<Uint8Array[]> {
    const results = specs.map(
      (spec) =>
        new Promise<Uint8Array>((resolve, reject) => {
          this.#blocks += spec.count;
          this.#waiting.push({ ...spec, jobId: this.#nextJobId++, deaths: 0, resolve, reject });
        }),
    );
    this.#dispatch();
    return Promise.all(results);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#failAll(closedError());
    const workers = this.#slots.flatMap((slot) => slot.worker ?? []);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      if (this.#waiting.length === 0) return;
      if (slot.job !== undefined || slot.deaths >= POOL_RESTARTS_MAX) continue;
      this.#give(slot);
    }
    if (this.#slots.every((slot) => slot.deaths >= POOL_RESTARTS_MAX)) {
      this.#failAll(
        new CryptoError('worker-failed', 'expected worker threads to run: all died repeatedly'),
      );
    }
  }

  #give(slot: Slot): void {
    const worker = slot.worker ?? this.#start(slot);
    const job = this.#waiting.shift();
    assert(job !== undefined, 'dispatch gives only what waits');
    slot.job = job;
    if (slot.memory.byteLength < job.sizeBytes) {
      slot.memory = new SharedArrayBuffer(Math.max(job.sizeBytes, MEMORY_BYTES_MIN));
    }
    job.pack(new Uint8Array(slot.memory));
    const { jobId, kind, count } = job;
    const message: JobMessage = { jobId, kind, count, memory: slot.memory };
    worker.ref();
    worker.postMessage(message);
  }

  #start(slot: Slot): Worker {
    this.#setup ??= { kernelModule: readKernelModule() };
    const worker = new Worker(this.#options.workerFile, { workerData: this.#setup });
    slot.worker = worker;
    worker.unref();
    worker.on('message', (result: JobResult) => this.#finish(slot, result));
    // 'exit' follows and does the work; without a listener the error would end the process.
    worker.on('error', () => undefined);
    worker.on('exit', () => this.#bury(slot));
    return worker;
  }

  #finish(slot: Slot, result: JobResult): void {
    const { job } = slot;
    if (job === undefined || job.jobId !== result.jobId) return;
    slot.job = undefined;
    slot.deaths = 0;
    slot.worker?.unref();
    this.#blocks -= job.count;
    job.resolve(result.verdicts);
    this.#dispatch();
  }

  /** A worker ended: its job goes back to the front once, then fails. */
  #bury(slot: Slot): void {
    const { job } = slot;
    slot.worker = undefined;
    slot.job = undefined;
    // The dead thread may still hold the old memory; a new one is taken for the next job.
    slot.memory = new SharedArrayBuffer(0);
    if (this.#isClosed) return;
    slot.deaths++;
    if (job !== undefined) {
      job.deaths++;
      if (job.deaths < JOB_DEATHS_MAX) {
        this.#waiting.unshift(job);
      } else {
        this.#blocks -= job.count;
        job.reject(
          new CryptoError('worker-failed', 'expected a verdict: two workers died on this work', {
            blocks: job.count,
          }),
        );
      }
    }
    this.#dispatch();
  }

  #failAll(error: CryptoError): void {
    for (const job of this.#waiting.splice(0)) job.reject(error);
    for (const slot of this.#slots) {
      slot.job?.reject(error);
      slot.job = undefined;
    }
    this.#blocks = 0;
  }
}

function closedError(): CryptoError {
  return new CryptoError('closed', 'expected an open pool: it was closed');
}
