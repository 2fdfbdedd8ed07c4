import { availableParallelism } from 'node:os';
import { assert, type Verdict } from '@basalt/protocol';
import { planBatch, type SignatureTask, type VerificationItem } from '../batch/task.ts';
import type { HashItem } from '../batch/verify-batch.ts';
import { sha256 } from '../hashing.ts';
import { POOL_QUEUED_BLOCKS_DEFAULT, POOL_WORKERS_MAX } from '../limits.ts';
import { cutChunks } from './chunks.ts';
import { byteToVerdict, hashItemBytes, packHashItems, packTasks, taskBytes } from './packing.ts';
import { type JobSpec, WorkerQueue } from './worker-queue.ts';

export interface VerifierPoolOptions {
  /** Threads; default: one per core. They start when the first work comes. */
  readonly workers?: number;
  /** Blocks that may wait or be in work at once; default 65,536. */
  readonly maxQueuedBlocks?: number;
}

/**
 * Worker threads that check signatures and payload hashes, with a bounded queue. Idle threads do
 * not keep the process alive.
 */
export interface VerifierPool extends AsyncDisposable {
  readonly workers: number;
  /** Blocks waiting or in work now. */
  readonly queuedBlocks: number;
  /**
   * As `verifyBatch`. Do not change the byte arrays before the promise settles.
   * @throws CryptoError `queue-full` at once and with nothing queued, `closed`, `worker-failed`
   */
  verify(items: readonly VerificationItem[]): Promise<Verdict[]>;
  /** As `verifyHashBatch`; errors as `verify`. */
  verifyHashes(items: readonly HashItem[]): Promise<Verdict[]>;
  /** Ends the threads. Work that is not done fails with `closed`. */
  close(): Promise<void>;
}

export function createVerifierPool(options: VerifierPoolOptions = {}): VerifierPool {
  const workerFile = new URL('./verifier-worker.ts', import.meta.url);
  return createPoolOf(workerFile, options);
}

/** `createVerifierPool` with another worker file: tests bring one that dies. */
export function createPoolOf(workerFile: URL, options: VerifierPoolOptions): VerifierPool {
  const workers = options.workers ?? Math.min(availableParallelism(), POOL_WORKERS_MAX);
  const maxQueuedBlocks = options.maxQueuedBlocks ?? POOL_QUEUED_BLOCKS_DEFAULT;
  assert(Number.isInteger(workers) && workers >= 1, 'a pool has at least one worker');
  assert(workers <= POOL_WORKERS_MAX, `a pool has at most ${POOL_WORKERS_MAX} workers`);
  assert(Number.isInteger(maxQueuedBlocks) && maxQueuedBlocks >= 1, 'the queue holds a block');
  return new Pool(new WorkerQueue({ workerFile, workers, maxQueuedBlocks }), workers);
}

class Pool implements VerifierPool {
  readonly workers: number;
  readonly #queue: WorkerQueue;

  constructor(queue: WorkerQueue, workers: number) {
    this.#queue = queue;
    this.workers = workers;
  }

  get queuedBlocks(): number {
    return this.#queue.blocks;
  }

  async verify(items: readonly VerificationItem[]): Promise<Verdict[]> {
    this.#queue.assertRoom(items.length);
    const { verdicts, groups } = planBatch(items, sha256);
    // By group, so that a chunk holds as many blocks of one key as possible.
    const work = groups.flatMap(({ tasks, positions }) =>
      tasks.map((task, i): PlacedTask => ({ task, position: positions[i] ?? 0 })),
    );
    const sizeOf = ({ task }: PlacedTask): number => taskBytes(task);
    const chunks = cutChunks(work, { workers: this.workers, sizeOf });
    const results = await this.#queue.run(
      chunks.map(
        (chunk): JobSpec => ({
          kind: 'signatures',
          count: chunk.length,
          sizeBytes: chunk.reduce((sum, item) => sum + sizeOf(item), 0),
          pack: (memory) =>
            packTasks(
              chunk.map(({ task }) => task),
              memory,
            ),
        }),
      ),
    );
    chunks.forEach((chunk, c) => {
      chunk.forEach(({ position }, i) => {
        verdicts[position] = byteToVerdict(byteAt(results[c], i));
      });
    });
    return verdicts;
  }

  async verifyHashes(items: readonly HashItem[]): Promise<Verdict[]> {
    this.#queue.assertRoom(items.length);
    const chunks = cutChunks(items, { workers: this.workers, sizeOf: hashItemBytes });
    const results = await this.#queue.run(
      chunks.map(
        (chunk): JobSpec => ({
          kind: 'hashes',
          count: chunk.length,
          sizeBytes: chunk.reduce((sum, item) => sum + hashItemBytes(item), 0),
          pack: (memory) => packHashItems(chunk, memory),
        }),
      ),
    );
    return results.flatMap((verdicts) => Array.from(verdicts, byteToVerdict));
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

interface PlacedTask {
  readonly task: SignatureTask;
  readonly position: number;
}

function byteAt(verdicts: Uint8Array | undefined, index: number): number {
  const byte = verdicts?.[index];
  assert(byte !== undefined, 'a worker answers for every item');
  return byte;
}
