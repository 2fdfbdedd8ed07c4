/** A thread of the verifier pool: takes one job at a time, answers with one byte per item. */

import { parentPort, workerData } from 'node:worker_threads';
import { assert, decodeEntry, ERROR_CODES } from '@basalt/protocol';
import { Grouper } from '../batch/task.ts';
import { payloadVerdict } from '../batch/verify-batch.ts';
import { verifyGroup } from '../batch/verify-group.ts';
import { createEd25519Kernel } from '../kernel/ed25519-kernel.ts';
import { createNativeProvider, type NativeProvider } from '../native/provider.ts';
import type { JobMessage, JobResult, WorkerSetup } from './messages.ts';
import { unpackHashItems, unpackTasks, verdictToByte } from './packing.ts';

const port = parentPort;
assert(port !== null, 'this file runs as a worker thread');
const { kernelModule } = workerData as WorkerSetup;
const kernel = kernelModule && createEd25519Kernel(kernelModule);
const provider = createNativeProvider({ kernel });

port.on('message', (job: JobMessage) => {
  const memory = new Uint8Array(job.memory);
  const verdicts =
    job.kind === 'signatures'
      ? verifySignatures(memory, job.count, provider)
      : verifyHashes(memory, job.count, provider);
  const result: JobResult = { jobId: job.jobId, verdicts };
  port.postMessage(result);
});

function verifySignatures(memory: Uint8Array, count: number, native: NativeProvider): Uint8Array {
  const verdicts = new Uint8Array(count);
  const grouper = new Grouper();
  unpackTasks(memory, count).forEach((task, position) => {
    grouper.add(grouper.nameOf(task.algorithm, task.publicKey), task, position);
  });
  for (const group of grouper.groups()) {
    const valid = verifyGroup(native, group);
    group.positions.forEach((position, i) => {
      verdicts[position] = valid[i] === 1 ? 0 : ERROR_CODES['invalid-signature'];
    });
  }
  return verdicts;
}

function verifyHashes(memory: Uint8Array, count: number, native: NativeProvider): Uint8Array {
  const items = unpackHashItems(memory, count);
  return Uint8Array.from(items, ({ entryBytes, payload }) =>
    verdictToByte(payloadVerdict(decodeEntry(entryBytes), payload, native)),
  );
}
