/** A verifier worker that dies on its way, as many times as the file beside it says. */

import { readFileSync, writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

const file = process.env['BASALT_TEST_DEATHS_FILE'] ?? '';

parentPort?.on('message', () => {
  const left = Number(readFileSync(file, 'utf8'));
  if (left === 0) return;
  writeFileSync(file, String(left - 1));
  process.exit(1); // ends this thread only
});

// Loaded later, so that the listener above runs first.
await import('../../src/pool/verifier-worker.ts');
