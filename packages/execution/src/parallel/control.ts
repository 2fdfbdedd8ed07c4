/**
 * What the calling thread and the workers say to each other through shared memory: a word on which
 * the calling thread sleeps, and for each worker a report and a mailbox.
 *
 * ```
 *   0     word that the calling thread sleeps on: raised by every question and report
 *   64    worker 0: report, mailbox; worker 1 ...
 *   ...   the scheduler (scheduler.ts)
 * ```
 */
import { ANSWER_BYTES } from './limits.ts';
import { type SchedulerPlace, schedulerBytes } from './scheduler.ts';

const HEAD_BYTES = 64;
const REPORT_BYTES = 64;
const QUESTION_BYTES = 128;
const WORKER_BYTES = REPORT_BYTES + QUESTION_BYTES + ANSWER_BYTES;

// Of a report: i32 each.
const REPORT_SEQUENCE = 0;
const REPORT_OUTCOME = 1;
const REPORT_LENGTH = 2;
/** Microseconds at work: neither idle nor waiting for an answer. */
const REPORT_BUSY = 3;

export type ReportOutcome = 'done' | 'memory-bound' | 'host-failed' | 'failed';
const OUTCOMES: readonly ReportOutcome[] = ['done', 'memory-bound', 'host-failed', 'failed'];

export interface WorkerReport {
  readonly outcome: ReportOutcome;
  /** Of a failure. */
  readonly message: string;
  readonly busyMs: number;
}

/** Bytes that a pool needs in a shared memory, for so many workers and transactions. */
export function poolBytes(workers: number, transactions: number): number {
  return HEAD_BYTES + workers * WORKER_BYTES + schedulerBytes({ workers, transactions });
}

export function schedulerPlace(at: number, workers: number, transactions: number): SchedulerPlace {
  return { at: at + HEAD_BYTES + workers * WORKER_BYTES, workers, transactions };
}

/** One worker's place, as both sides see it. */
export class WorkerChannel {
  /** The head word; index 0. */
  readonly #head: Int32Array;
  readonly #report: Int32Array;
  /** Where the mailbox begins, and the bytes of its answer. */
  readonly question: DataView;
  readonly state: Int32Array;
  readonly answer: Uint8Array;

  constructor(memory: WebAssembly.Memory, at: number, worker: number) {
    const { buffer } = memory;
    const begin = at + HEAD_BYTES + worker * WORKER_BYTES;
    this.#head = new Int32Array(buffer, at, 1);
    this.#report = new Int32Array(buffer, begin, REPORT_BYTES / 4);
    this.state = new Int32Array(buffer, begin + REPORT_BYTES, 1);
    this.question = new DataView(buffer, begin + REPORT_BYTES, QUESTION_BYTES);
    this.answer = new Uint8Array(buffer, begin + REPORT_BYTES + QUESTION_BYTES, ANSWER_BYTES);
  }

  /** By the worker: wakes the calling thread. */
  ring(): void {
    Atomics.add(this.#head, 0, 1);
    Atomics.notify(this.#head, 0);
  }

  /** By the worker: its part in the block with this number has ended. */
  report(
    sequence: number,
    outcome: ReportOutcome,
    { busyMs = 0, message = '' }: Partial<Omit<WorkerReport, 'outcome'>> = {},
  ): void {
    const words = new TextEncoder().encode(message).subarray(0, ANSWER_BYTES);
    this.answer.set(words);
    this.#report[REPORT_LENGTH] = words.length;
    this.#report[REPORT_BUSY] = busyMs * 1_000;
    Atomics.store(this.#report, REPORT_OUTCOME, OUTCOMES.indexOf(outcome));
    Atomics.store(this.#report, REPORT_SEQUENCE, sequence);
    this.ring();
  }

  /** By the calling thread: undefined while the worker is at work. */
  readReport(sequence: number): WorkerReport | undefined {
    if (Atomics.load(this.#report, REPORT_SEQUENCE) !== sequence) return undefined;
    const outcome = OUTCOMES[Atomics.load(this.#report, REPORT_OUTCOME)] ?? 'failed';
    const length = this.#report[REPORT_LENGTH] ?? 0;
    // The decoder refuses views of shared memory.
    const message = length === 0 ? '' : new TextDecoder().decode(this.answer.slice(0, length));
    return { outcome, message, busyMs: (this.#report[REPORT_BUSY] ?? 0) / 1_000 };
  }
}

/** The word that the calling thread sleeps on. */
export function headWord(memory: WebAssembly.Memory, at: number): Int32Array {
  return new Int32Array(memory.buffer, at, 1);
}
