/** The thread that generates code: a job in, a module out. */
import { parentPort } from 'node:worker_threads';
import { compileNow } from './compile.ts';
import type { CompileJob } from './types.ts';

parentPort?.on('message', ({ id, job }: { id: number; job: CompileJob }) => {
  try {
    parentPort?.postMessage({ id, compiled: compileNow(job) });
  } catch (error) {
    parentPort?.postMessage({ id, error: String(error) });
  }
});
