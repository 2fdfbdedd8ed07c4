/** What pool and worker say to each other; the bytes lie in shared memory. */

export type JobKind = 'signatures' | 'hashes';

export interface WorkerSetup {
  /** Compiled once by the pool; undefined where the kernel cannot be used. */
  readonly kernelModule: WebAssembly.Module | undefined;
}

export interface JobMessage {
  readonly jobId: number;
  readonly kind: JobKind;
  readonly count: number;
  readonly memory: SharedArrayBuffer;
}

export interface JobResult {
  readonly jobId: number;
  /** One byte per item: 0 valid, else the protocol's code number. */
  readonly verdicts: Uint8Array;
}
