/** Generates code on one worker thread, shared by all engines of the process. */
import { Worker } from 'node:worker_threads';
import type { CompiledCode, CompileJob } from './types.ts';

interface Waiting {
  resolve(compiled: CompiledCode | undefined): void;
  reject(error: Error): void;
}

interface Answer {
  readonly id: number;
  readonly compiled?: CompiledCode;
  readonly error?: string;
}

const waiting = new Map<number, Waiting>();
let worker: Worker | undefined;
let nextId = 0;

/**
 * Has the thread generate code. The thread starts with the first job and keeps the process alive
 * only while it has one.
 */
export function compileInBackground(job: CompileJob): Promise<CompiledCode | undefined> {
  worker ??= start();
  worker.ref();
  const id = nextId++;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker?.postMessage({ id, job });
  });
}

function start(): Worker {
  const started = new Worker(new URL('./compile-worker-shell.ts', import.meta.url));
  started.on('message', ({ id, compiled, error }: Answer) => {
    const job = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) started.unref();
    if (error === undefined) job?.resolve(compiled);
    else job?.reject(new Error(error));
  });
  const end = (error: Error): void => {
    if (worker === started) worker = undefined;
    for (const job of waiting.values()) job.reject(error);
    waiting.clear();
  };
  started.on('error', end);
  started.on('exit', (code) => end(new Error(`the thread that generates code ended with ${code}`)));
  return started;
}
