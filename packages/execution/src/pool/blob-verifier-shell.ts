import { Worker } from 'node:worker_threads';
import { ExecutionError } from '../errors.ts';
import type { BlobSidecar } from '../transaction/types.ts';
import type { BlobVerifier } from './blob-verifier.ts';
import { BLOB_CHECKS_MAX } from './limits.ts';

/**
 * Checks KZG proofs on a thread of its own, with the trusted setup of the ceremony. The thread
 * starts with the first sidecar and does not keep the process alive while it has nothing to do.
 */
export function createBlobVerifier(): BlobVerifier {
  return new ThreadVerifier(new URL('./kzg-worker-shell.ts', import.meta.url));
}

interface Check {
  readonly resolve: (isValid: boolean) => void;
  readonly reject: (error: ExecutionError) => void;
}

class ThreadVerifier implements BlobVerifier {
  readonly #workerFile: URL;
  #worker: Worker | undefined;
  /** In the order in which they were sent; bounded by BLOB_CHECKS_MAX. */
  readonly #checks: Check[] = [];
  #isClosed = false;

  constructor(workerFile: URL) {
    this.#workerFile = workerFile;
  }

  verify(sidecar: BlobSidecar): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new ExecutionError('closed', 'the verifier of blobs was closed');
      if (this.#checks.length >= BLOB_CHECKS_MAX) {
        throw new ExecutionError('pool-full', `${BLOB_CHECKS_MAX} sidecars wait to be checked`);
      }
      this.#worker ??= this.#start();
      this.#worker.ref();
      this.#checks.push({ resolve, reject });
      this.#worker.postMessage(sidecar);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#fail(new ExecutionError('closed', 'the verifier of blobs was closed'));
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(this.#workerFile);
    worker.on('message', (isValid: boolean) => {
      this.#checks.shift()?.resolve(isValid);
      if (this.#checks.length === 0) worker.unref();
    });
    worker.on('error', () => this.#bury(worker));
    worker.on('exit', () => this.#bury(worker));
    return worker;
  }

  /** Whoever waits may send again; the next sidecar starts another thread. */
  #bury(worker: Worker): void {
    if (this.#worker !== worker || this.#isClosed) return;
    this.#worker = undefined;
    this.#fail(new ExecutionError('blob-proof', 'the thread that checks proofs has ended'));
  }

  #fail(error: ExecutionError): void {
    for (const { reject } of this.#checks.splice(0)) reject(error);
  }
}
