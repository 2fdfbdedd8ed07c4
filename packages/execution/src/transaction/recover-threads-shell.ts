import { Worker } from 'node:worker_threads';
import { ExecutionError } from '../errors.ts';
import {
  RECOVERER_CHUNK_BYTES_MAX,
  RECOVERER_CHUNK_MAX,
  RECOVERER_RESTARTS_MAX,
} from './limits.ts';
import { AnswerReader, packRequest } from './recovery-packing.ts';
import type { SignedTransaction } from './types.ts';

/** What the signatures of one transaction say. */
export interface Identities {
  readonly sender: Uint8Array | undefined;
  readonly authorities: readonly (Uint8Array | undefined)[];
}

/** Below this a message costs more than it carries. */
const CHUNK_MIN = 16;
/** What waits is cut into so many chunks a thread: the second is there when the first has ended. */
const CHUNKS_PER_THREAD = 2;
/**
 * Chunks a thread may have. Full ones are 10 ms of work each, and the calling thread hands out
 * nothing while it runs a block, which takes 50 ms and more.
 */
const IN_FLIGHT_MAX = 8;

const NO_AUTHORITIES: readonly undefined[] = [];

interface Batch {
  readonly transactions: readonly SignedTransaction[];
  readonly results: Identities[];
  /** The first that no chunk holds. */
  next: number;
  remaining: number;
  readonly resolve: (results: readonly Identities[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Neighbours of one batch. */
interface Run {
  readonly batch: Batch;
  readonly from: number;
  readonly to: number;
}

/** One thread; it answers requests in the order in which they came. */
interface Slot {
  worker: Worker | undefined;
  readonly inFlight: Run[][];
  deaths: number;
}

export interface RecoverThreadsOptions {
  readonly threads: number;
  readonly workerFile: URL;
  /** Does on the calling thread what a thread died on. */
  readonly fallback: (signed: SignedTransaction) => Promise<Identities>;
}

/**
 * Hands transactions to threads: first in, first out, one message for many. What comes while all
 * threads are busy travels together with what comes next. A thread that dies loses nothing: its
 * work is done on the calling thread, and another takes its place.
 */
export class RecoverThreads {
  readonly #options: RecoverThreadsOptions;
  readonly #slots: Slot[];
  /** What waits, first of those that came first; bounded by the recoverer. */
  readonly #queue: Batch[] = [];
  #waiting = 0;
  #isScheduled = false;
  #isClosed = false;

  constructor(options: RecoverThreadsOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.threads }, () => ({
      worker: undefined,
      inFlight: [],
      deaths: 0,
    }));
  }

  /** One for each, in order. */
  run(transactions: readonly SignedTransaction[]): Promise<readonly Identities[]> {
    if (transactions.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const remaining = transactions.length;
      this.#queue.push({ transactions, results: [], next: 0, remaining, resolve, reject });
      this.#waiting += remaining;
      this.#schedule();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const inFlight = this.#slots.flatMap((each) => each.inFlight).flat();
    const lost = [...this.#queue.splice(0), ...inFlight.map(({ batch }) => batch)];
    this.#waiting = 0;
    const error = new ExecutionError('closed', 'the recoverer was closed');
    for (const { reject } of lost) reject(error);
    await Promise.all(this.#slots.map(async ({ worker }) => worker?.terminate()));
  }

  /** After the current turn, so that calls of one turn travel together. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#waiting > 0 && !this.#isClosed) {
      const slot = this.#freest();
      if (slot === undefined) return this.#doHere(this.#takeChunk());
      if (slot.inFlight.length >= IN_FLIGHT_MAX) return;
      this.#send(slot, this.#takeChunk());
    }
  }

  /** undefined: every thread died too often. */
  #freest(): Slot | undefined {
    let best: Slot | undefined;
    for (const slot of this.#slots) {
      if (slot.deaths > RECOVERER_RESTARTS_MAX) continue;
      if (best === undefined || slot.inFlight.length < best.inFlight.length) best = slot;
    }
    return best;
  }

  #takeChunk(): Run[] {
    const even = Math.ceil(this.#waiting / (this.#slots.length * CHUNKS_PER_THREAD));
    const count = Math.min(Math.max(even, CHUNK_MIN), RECOVERER_CHUNK_MAX, this.#waiting);
    const chunk: Run[] = [];
    let bytes = 0;
    for (let left = count; left > 0 && bytes <= RECOVERER_CHUNK_BYTES_MAX; ) {
      const batch = this.#queue[0] as Batch;
      const from = batch.next;
      const end = Math.min(from + left, batch.transactions.length);
      let to = from;
      for (; to < end; to++) {
        const { length } = (batch.transactions[to] as SignedTransaction).raw;
        bytes += length;
        // One that is too large travels alone.
        if (bytes > RECOVERER_CHUNK_BYTES_MAX && (bytes !== length || chunk.length > 0)) break;
      }
      if (to > from) chunk.push({ batch, from, to });
      batch.next = to;
      if (to === batch.transactions.length) this.#queue.shift();
      left -= to - from;
      this.#waiting -= to - from;
    }
    return chunk;
  }

  #send(slot: Slot, chunk: Run[]): void {
    slot.worker ??= this.#start(slot);
    if (slot.inFlight.length === 0) slot.worker.ref();
    slot.inFlight.push(chunk);
    const request = packRequest(chunk.flatMap(transactionsOf));
    slot.worker.postMessage(request, [request.buffer]);
  }

  #start(slot: Slot): Worker {
    const worker = new Worker(this.#options.workerFile);
    worker.unref();
    worker.on('message', (answer: Uint8Array) => this.#finish(slot, answer));
    worker.on('error', () => this.#bury(slot, worker));
    worker.on('exit', () => this.#bury(slot, worker));
    return worker;
  }

  #finish(slot: Slot, answer: Uint8Array): void {
    const chunk = slot.inFlight.shift() ?? [];
    slot.deaths = 0;
    if (slot.inFlight.length === 0) slot.worker?.unref();
    this.#dispatch();
    const reader = new AnswerReader(answer);
    for (const { batch, from, to } of chunk) {
      for (let index = from; index < to; index++) {
        const { fields } = batch.transactions[index] as SignedTransaction;
        const sender = reader.next();
        const authorities =
          fields.type === 4 ? fields.authorizations.map(() => reader.next()) : NO_AUTHORITIES;
        settle(batch, index, { sender, authorities });
      }
    }
  }

  #bury(slot: Slot, worker: Worker): void {
    if (slot.worker !== worker || this.#isClosed) return;
    slot.worker = undefined;
    slot.deaths++;
    for (const chunk of slot.inFlight.splice(0)) this.#doHere(chunk);
    this.#schedule();
  }

  #doHere(chunk: readonly Run[]): void {
    for (const { batch, from, to } of chunk) {
      for (let index = from; index < to; index++) {
        this.#options.fallback(batch.transactions[index] as SignedTransaction).then(
          (identities) => settle(batch, index, identities),
          (error: unknown) => batch.reject(error),
        );
      }
    }
    this.#schedule();
  }
}

function transactionsOf({ batch, from, to }: Run): readonly SignedTransaction[] {
  return batch.transactions.slice(from, to);
}

function settle(batch: Batch, index: number, identities: Identities): void {
  batch.results[index] = identities;
  batch.remaining--;
  if (batch.remaining === 0) batch.resolve(batch.results);
}
