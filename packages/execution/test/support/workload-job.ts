import { createMemoryState, type Transaction } from '@basalt/evm';
import { createWorkload, type WorkloadOptions } from '../../bench/workloads.ts';
import type { ExecutionJob } from '../../src/executor/types.ts';

/** A made block as a job over its genesis state. */
export function workloadJob(
  options: WorkloadOptions,
  change: Partial<ExecutionJob> = {},
): ExecutionJob {
  const { fork, genesis, transactions, environment } = createWorkload(options);
  const state = createMemoryState();
  state.apply(genesis);
  return {
    fork,
    environment,
    state: {
      number: 0,
      readAccount: (address) => state.readAccount(address),
      readStorage: (address, slot) => state.readStorage(address, slot),
      readCode: (codeHash) => state.readCode(codeHash),
      hasStorage: (address) => state.hasStorage?.(address) ?? false,
    },
    blockHash: () => new Uint8Array(32),
    transactions,
    blobGasLimit: 9n * 131_072n,
    purpose: 'import',
    ...change,
  };
}

/** The same transaction with blobs. */
export function withBlobs(transaction: Transaction | undefined, blobs: number): Transaction {
  if (transaction?.type !== 2) throw new Error('a transaction of type 2');
  const blobHashes = Array.from({ length: blobs }, () => new Uint8Array(32).fill(1));
  return { ...transaction, type: 3, maxFeePerBlobGas: 10n, blobHashes };
}
