import { MINE_BLOCKS_MAX } from '@basalt/execution';
import { methodNotFound, serverError } from '../errors.ts';
import {
  address,
  type Decoder,
  field,
  looseCount,
  looseQuantity,
  optional,
} from '../params/decode.ts';
import { toQuantity } from '../params/hex.ts';
import { devnetMethod, mineBlocks, setAutomine, setIntervalMining } from './devnet-actions.ts';
import { type MethodFamily, method } from './method.ts';

/** A time in seconds; what can only be milliseconds is taken for that. */
const MILLISECONDS_FROM = 100_000_000_000n;

interface MineRequest {
  readonly blocks: number;
  readonly timestamp: bigint | undefined;
}

/** Hardhat gives a timestamp, Anvil an object. */
const mineRequest: Decoder<MineRequest> = (value, at) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { blocks: 1, timestamp: looseQuantity(64)(value, at) };
  }
  const record = value as Record<string, unknown>;
  return {
    blocks: field(record, 'blocks', looseCount(MINE_BLOCKS_MAX), at) ?? 1,
    timestamp: field(record, 'timestamp', looseQuantity(64), at),
  };
};

const ONE_BLOCK: MineRequest = { blocks: 1, timestamp: undefined };

/** The names that Ganache began with and everybody kept. */
export const DEVNET_EVM: MethodFamily = {
  evm_snapshot: devnetMethod('evm_snapshot', [], async (devnet) =>
    toQuantity(await devnet.snapshot()),
  ),
  evm_revert: devnetMethod('evm_revert', [looseCount(2 ** 31)], (devnet, snapshot) =>
    devnet.revert(snapshot),
  ),
  evm_mine: method<[MineRequest]>(
    [optional(mineRequest, ONE_BLOCK)],
    async (services, { blocks, timestamp }) => {
      const { devnet } = services;
      if (devnet === undefined) throw methodNotFound('evm_mine');
      if (timestamp !== undefined) await devnet.setNextBlockTimestamp(timestamp);
      await mineBlocks(devnet, services, blocks);
      return '0x0';
    },
  ),
  evm_increaseTime: devnetMethod('evm_increaseTime', [looseQuantity(64)], async (devnet, seconds) =>
    Number(await devnet.increaseTime(seconds)),
  ),
  evm_setNextBlockTimestamp: devnetMethod(
    'evm_setNextBlockTimestamp',
    [looseQuantity(64)],
    async (devnet, timestamp) => {
      await devnet.setNextBlockTimestamp(timestamp);
      return toQuantity(timestamp);
    },
  ),
  evm_setTime: devnetMethod('evm_setTime', [looseQuantity(64)], async (devnet, given) => {
    await devnet.setTime(given >= MILLISECONDS_FROM ? given / 1_000n : given);
    return toQuantity(given);
  }),
  evm_setAutomine: setAutomine('evm_setAutomine'),
  // Milliseconds, as Hardhat has it; Anvil's own name takes seconds.
  evm_setIntervalMining: setIntervalMining('evm_setIntervalMining', 1),
  evm_setBlockGasLimit: devnetMethod(
    'evm_setBlockGasLimit',
    [looseQuantity(64)],
    async (devnet, gas) => {
      await devnet.setBlockGasLimit(gas);
      return true;
    },
  ),
  evm_setAccountNonce: devnetMethod(
    'evm_setAccountNonce',
    [address, looseQuantity(64)],
    async (devnet, who, nonce) => {
      if (nonce === 2n ** 64n - 1n) throw serverError('a nonce must still be raised');
      await devnet.setNonce(who, nonce);
      return true;
    },
  ),
};
