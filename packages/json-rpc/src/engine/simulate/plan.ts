import { type BlockHeader, TIMESTAMP_MAX } from '@basalt/execution';
import { clientLimit, RPC_ERRORS, RpcError } from '../../errors.ts';
import { SIMULATE_BLOCKS_MAX, SIMULATE_STEP_SECONDS } from '../../limits.ts';
import { NO_BLOCK_OVERRIDES } from '../../params/overrides.ts';
import type { SimulateBlockArgs } from '../../params/simulate.ts';

/** A block to be simulated; its place and time are settled. */
export interface PlannedBlock extends SimulateBlockArgs {
  readonly number: bigint;
  readonly timestamp: bigint;
}

/**
 * Gives every block its number and time and fills gaps between numbers with empty blocks.
 *
 * @throws RpcError -38020 and -38021 for numbers and times that do not rise, -38026 for too many
 */
export function planBlocks(
  base: BlockHeader,
  blocks: readonly SimulateBlockArgs[],
): PlannedBlock[] {
  const planned: PlannedBlock[] = [];
  let { number, timestamp } = base;
  for (const block of blocks) {
    const wanted = block.blockOverrides.number ?? number + 1n;
    if (wanted <= number) {
      const message = `block numbers must be in order: ${wanted} <= ${number}`;
      throw new RpcError(RPC_ERRORS.blockNumber, message);
    }
    if (wanted - base.number > BigInt(SIMULATE_BLOCKS_MAX)) throw clientLimit('too many blocks');
    for (number += 1n; number < wanted; number += 1n) {
      timestamp += SIMULATE_STEP_SECONDS;
      const empty = { blockOverrides: NO_BLOCK_OVERRIDES, stateOverrides: [], calls: [] };
      planned.push({ ...empty, number, timestamp });
    }
    const time = block.blockOverrides.time ?? timestamp + SIMULATE_STEP_SECONDS;
    if (time <= timestamp) {
      const message = `block timestamps must be in order: ${time} <= ${timestamp}`;
      throw new RpcError(RPC_ERRORS.blockTimestamp, message);
    }
    if (time > TIMESTAMP_MAX) {
      throw new RpcError(
        RPC_ERRORS.blockTimestamp,
        `block timestamp ${time} has more than 64 bits`,
      );
    }
    timestamp = time;
    planned.push({ ...block, number, timestamp });
  }
  return planned;
}
