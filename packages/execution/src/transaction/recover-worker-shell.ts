/** A thread of the recoverer: one request after another, each answered with one buffer. */
import { parentPort } from 'node:worker_threads';
import { loadRecover } from '@basalt/evm';
import { answerRequest } from './recovery-packing.ts';

const port = parentPort;
if (port === null) throw new Error('this file runs as a worker thread');
const recover = await loadRecover();

port.on('message', (request: Uint8Array) => {
  const answer = answerRequest(request, recover);
  port.postMessage(answer, [answer.buffer]);
});
