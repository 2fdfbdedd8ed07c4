/** What a pool and its workers send each other by `postMessage`, once a block or less. */
import type { SchedulerPlace } from './scheduler.ts';

/** `workerData`: what stays the same for a worker's life. */
export interface WorkerSetup<Setup> {
  readonly worker: number;
  readonly memory: WebAssembly.Memory;
  readonly controlAt: number;
  readonly scheduler: SchedulerPlace;
  readonly schedulerModule: WebAssembly.Module;
  /** For who carries the tasks out. */
  readonly setup: Setup;
}

export interface BlockMessage<Payload> {
  readonly kind: 'block';
  /** Counts blocks of a pool from 1; reports name it. */
  readonly sequence: number;
  readonly payload: Payload;
  /** Random pauses between the parts of tasks, drawn from it; undefined: none. */
  readonly scheduleSeed: number | undefined;
}

/** The worker has loaded its code and takes blocks. */
export interface ReadyMessage {
  readonly kind: 'ready';
}
