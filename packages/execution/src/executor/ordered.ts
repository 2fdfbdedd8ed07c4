import {
  type BlockSpace,
  EvmError,
  type StateReader,
  type Transaction,
  type VersionedEngine,
  type VersionedMemory,
} from '@basalt/evm';
import { assert } from '@basalt/protocol';
import { endsBlock } from './sequential.ts';
import type { ExecutedTransaction, ExecutionJob } from './types.ts';

/** What came of running a block's transactions in their order on a memory of versions. */
export interface OrderedRun {
  readonly results: readonly ExecutedTransaction[];
  /** Questions that the state below was asked. */
  readonly misses: number;
}

/**
 * Runs a job's transactions one after another on one engine of the shared memory: each finds what
 * those before it wrote, nothing needs validation, and the base values of blocks before are there.
 *
 * @returns undefined when the block needs more than the memory has
 */
export function runInOrder(
  engine: VersionedEngine,
  memory: VersionedMemory,
  job: ExecutionJob,
): OrderedRun | undefined {
  const { environment, transactions, blobGasLimit } = job;
  const results: ExecutedTransaction[] = [];
  const state = countingReader(job);
  let { gasLimit: gas } = environment;
  let blobGas = blobGasLimit;
  try {
    memory.beginBlock(transactions.length);
    for (let index = 0; index < transactions.length; index++) {
      const transaction = transactions[index] as Transaction;
      const space: BlockSpace = { gas, blobGas };
      const { status } = engine.execute(index, 0, transaction, environment, state.reader, space);
      assert(status === 'executed', 'nothing lower is left to wait for');
      const result = memory.result(index);
      results.push(result);
      if (result.included) {
        gas -= result.gasUsed;
        blobGas -= result.blobGasUsed;
      } else if (endsBlock(job, result.error.code)) {
        break;
      }
    }
  } catch (error) {
    if (error instanceof EvmError && error.code === 'memory-bound') return undefined;
    throw error;
  }
  return { results, misses: state.misses() };
}

function countingReader({ state, blockHash }: ExecutionJob): {
  readonly reader: StateReader;
  readonly misses: () => number;
} {
  let misses = 0;
  const reader: StateReader = {
    readAccount(address) {
      misses++;
      return state.readAccount(address);
    },
    readStorage(address, slot) {
      misses++;
      return state.readStorage(address, slot);
    },
    readCode(codeHash) {
      misses++;
      return state.readCode(codeHash);
    },
    hasStorage: (address) => state.hasStorage(address),
    blockHash,
  };
  return { reader, misses: () => misses };
}
