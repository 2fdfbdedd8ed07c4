import type { AccountChange, BlockEnvironment, Evm, StateReader } from '@basalt/evm';
import { hexToBytes } from '@noble/hashes/utils.js';
import { invalidBlock } from './invalid-block.ts';
import type { LayeredState } from './layered-state.ts';
import { SYSTEM_CALL_GAS } from './limits.ts';

/** Who system calls come from (EIP-4788). */
export const SYSTEM_ADDRESS: Uint8Array = hexToBytes('fffffffffffffffffffffffffffffffffffffffe');
/** EIP-4788. */
export const BEACON_ROOTS: Uint8Array = hexToBytes('000f3df6d732807ef1319fb7b8bb8522d0beac02');
/** EIP-2935. */
export const BLOCK_HASHES: Uint8Array = hexToBytes('0000f90827f1c53a10cb7a02335b175320002935');
/** EIP-7002. */
export const WITHDRAWAL_REQUESTS: Uint8Array = hexToBytes(
  '00000961ef480eb55e80d19ad83579a64c007002',
);
/** EIP-7251. */
export const CONSOLIDATION_REQUESTS: Uint8Array = hexToBytes(
  '0000bbddc7ce488642fb579f8b00f3a590007251',
);

/** Where system calls run: an engine of the block's fork, its environment and its state. */
export interface SystemCallContext {
  readonly evm: Evm;
  readonly environment: BlockEnvironment;
  readonly state: LayeredState;
  readonly blockHash: (number: bigint) => Uint8Array;
}

/**
 * Calls a system contract and keeps what it changes. One that is not there, or fails, changes
 * nothing (EIP-4788, EIP-2935).
 */
export function callSystem(
  context: SystemCallContext,
  contract: Uint8Array,
  data: Uint8Array,
): readonly AccountChange[] {
  if (!hasCode(context.state, contract)) return [];
  return run(context, contract, data)?.changes ?? [];
}

/**
 * Calls a contract that gives requests (EIP-7685) and keeps what it changes.
 *
 * @throws ExecutionError `invalid-block`: without the contract, or where it fails, no block is
 *   valid
 */
export function callForRequests(
  context: SystemCallContext,
  contract: Uint8Array,
  name: string,
): { readonly output: Uint8Array; readonly changes: readonly AccountChange[] } {
  if (!hasCode(context.state, contract)) {
    throw invalidBlock(name, 'a system contract with code', 'none');
  }
  const result = run(context, contract, new Uint8Array(0));
  if (result === undefined) throw invalidBlock(name, 'a system call that succeeds', 'a failure');
  return result;
}

function hasCode(state: LayeredState, contract: Uint8Array): boolean {
  const account = state.readAccount(contract);
  return account !== undefined && state.readCode(account.codeHash).length > 0;
}

function run(
  { evm, environment, state, blockHash }: SystemCallContext,
  contract: Uint8Array,
  data: Uint8Array,
): { readonly output: Uint8Array; readonly changes: readonly AccountChange[] } | undefined {
  const reader: StateReader = {
    readAccount: (address) => state.readAccount(address),
    readStorage: (address, slot) => state.readStorage(address, slot),
    readCode: (hash) => state.readCode(hash),
    hasStorage: (address) => state.hasStorage(address),
    blockHash,
  };
  const { halt, output, changes } = evm.call(reader, {
    from: SYSTEM_ADDRESS,
    to: contract,
    data,
    gasLimit: SYSTEM_CALL_GAS,
    block: environment,
  });
  if (halt !== undefined) return undefined;
  state.push(changes);
  return { output, changes };
}
