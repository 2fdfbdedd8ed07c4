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
/** The second is there when the thread ends with the first. */
const IN_FLIGHT_MAX = 2;

interface Batch {
  readonly results: Identities[];
  remaining: number;
  readonly resolve: (results: readonly Identities[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Item {
  readonly signed: SignedTransaction;
  readonly batch: Batch;
  readonly index: number;
}

/** One thread; it answers requests in the order in which they came. */
interface Slot {
  worker: Worker | undefined;
  readonly inFlight: Item[][];
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
  /** Bounded by the recoverer; `#head` is the first that waits. */
  #queue: Item[] = [];
  #head = 0;
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
      const results: Identities[] = [];
      const batch: Batch = { results, remaining: transactions.length, resolve, reject };
      transactions.forEach((signed, index) => this.#queue.push({ signed, batch, index }));
      this.#schedule();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const lost = [
      ...this.#queue.slice(this.#head),
      ...this.#slots.flatMap((each) => each.inFlight).flat(),
    ];
    this.#queue = [];
    this.#head = 0;
    const error = new ExecutionError('closed', 'the recoverer was closed');
    for (const { batch } of lost) batch.reject(error);
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
    while (this.#head < this.#queue.length && !this.#isClosed) {
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

  #takeChunk(): Item[] {
    const waiting = this.#queue.length - this.#head;
    const even = Math.ceil(waiting / (this.#slots.length * IN_FLIGHT_MAX));
    const count = Math.min(Math.max(even, CHUNK_MIN), RECOVERER_CHUNK_MAX, waiting);
    let end = this.#head;
    for (let bytes = 0; end < this.#head + count; end++) {
      bytes += this.#queue[end]?.signed.raw.length ?? 0;
      if (bytes > RECOVERER_CHUNK_BYTES_MAX && end > this.#head) break;
    }
    const chunk = this.#queue.slice(this.#head, end);
    this.#head = end;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    return chunk;
  }

  #send(slot: Slot, chunk: Item[]): void {
    slot.worker ??= this.#start(slot);
    if (slot.inFlight.length === 0) slot.worker.ref();
    slot.inFlight.push(chunk);
    const request = packRequest(chunk.map(({ signed }) => signed));
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
    for (const item of chunk) {
      const sender = reader.next();
      const { fields } = item.signed;
      const authorities = fields.type === 4 ? fields.authorizations.map(() => reader.next()) : [];
      settle(item, { sender, authorities });
    }
  }

  #bury(slot: Slot, worker: Worker): void {
    if (slot.worker !== worker || this.#isClosed) return;
    slot.worker = undefined;
    slot.deaths++;
    for (const chunk of slot.inFlight.splice(0)) this.#doHere(chunk);
    this.#schedule();
  }

  #doHere(chunk: readonly Item[]): void {
    for (const item of chunk) {
      this.#options.fallback(item.signed).then(
        (identities) => settle(item, identities),
        (error: unknown) => item.batch.reject(error),
      );
    }
    this.#schedule();
  }
}

function settle({ batch, index }: Item, identities: Identities): void {
  batch.results[index] = identities;
  batch.remaining--;
  if (batch.remaining === 0) batch.resolve(batch.results);
}
