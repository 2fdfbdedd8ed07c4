/** A thread of the recoverer with a seeded fault: it dies on the first request it gets. */
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', () => {
  throw new Error('seeded fault');
});
