/** The blocks that benches execute: real ones of mainnet, and made ones. */
import type { AccountChange, AccountDump } from '@basalt/evm';
import { skipReason } from '../../../tools/testing/conformance.ts';
import { BLOCKS_FOLDER, loadMainnetBlocks } from '../test/support/mainnet-blocks.ts';
import type { BenchBlock } from './engines/types.ts';
import { createWorkload, type WorkloadOptions } from './workloads.ts';

/** Undefined, with the reason on stderr, where the blocks are not at hand. */
export function mainnetBlocks(): BenchBlock[] | undefined {
  const reason = skipReason(BLOCKS_FOLDER);
  if (reason !== false) {
    console.error(`bench: ${reason}`);
    return undefined;
  }
  return loadMainnetBlocks().map(({ number, fork, accounts, job }) => ({
    name: `block ${number}`,
    fork,
    environment: job.environment,
    accounts,
    transactions: job.transactions,
    blockHash: job.blockHash,
  }));
}

/** A made block. */
export function madeBlock(options: WorkloadOptions): BenchBlock {
  const { name, fork, environment, genesis, transactions } = createWorkload(options);
  return {
    name,
    fork,
    environment,
    accounts: genesis.map(toDump),
    transactions,
    blockHash: () => new Uint8Array(32),
  };
}

function toDump({ address, account, code, storage }: AccountChange): AccountDump {
  if (account === undefined) throw new Error('a genesis takes nothing away');
  return { address, account, code: code ?? new Uint8Array(0), storage };
}
