import { invalidParams } from '../errors.ts';
import { boolean, looseQuantity } from '../params/decode.ts';
import { toHex, toQuantity } from '../params/hex.ts';
import {
  devnetMethod,
  dropTransaction,
  setAutomine,
  setIntervalMining,
  settersWith,
} from './devnet-actions.ts';
import { DEVNET_EVM } from './devnet-evm.ts';
import { type Method, type MethodFamily, method } from './method.ts';

const setters: MethodFamily = Object.fromEntries(
  Object.entries(settersWith(null)).map(([verb, build]): [string, Method] => {
    const name = `anvil_${verb}`;
    return [name, build(name)];
  }),
);

/** Anvil has these of the old names under its own as well. */
const SHARED = [
  'snapshot',
  'revert',
  'increaseTime',
  'setNextBlockTimestamp',
  'setTime',
  'setBlockGasLimit',
] as const;

const shared: MethodFamily = Object.fromEntries(
  SHARED.map((verb): [string, Method] => [`anvil_${verb}`, DEVNET_EVM[`evm_${verb}`] as Method]),
);

/** Anvil's names. */
export const DEVNET_ANVIL: MethodFamily = {
  ...setters,
  ...shared,
  anvil_setAutomine: setAutomine('anvil_setAutomine'),
  anvil_setIntervalMining: setIntervalMining('anvil_setIntervalMining', 1_000),
  anvil_getAutomine: devnetMethod(
    'anvil_getAutomine',
    [],
    (devnet) => devnet.mining().mode === 'instant',
  ),
  anvil_getIntervalMining: devnetMethod('anvil_getIntervalMining', [], (devnet) => {
    const mining = devnet.mining();
    return mining.mode === 'interval' ? Math.ceil(mining.intervalMs / 1_000) : null;
  }),
  anvil_setBlockTimestampInterval: devnetMethod(
    'anvil_setBlockTimestampInterval',
    [looseQuantity(64)],
    async (devnet, seconds) => {
      if (seconds === 0n) throw invalidParams('blocks are at least one second apart');
      await devnet.setTimestampInterval(seconds);
      return null;
    },
  ),
  anvil_removeBlockTimestampInterval: devnetMethod(
    'anvil_removeBlockTimestampInterval',
    [],
    async (devnet) => {
      await devnet.setTimestampInterval(undefined);
      return true;
    },
  ),
  anvil_autoImpersonateAccount: devnetMethod(
    'anvil_autoImpersonateAccount',
    [boolean],
    (devnet, isOn) => {
      devnet.setAutoImpersonate(isOn);
      return null;
    },
  ),
  anvil_dropTransaction: dropTransaction('anvil_dropTransaction'),
  anvil_dropAllTransactions: devnetMethod('anvil_dropAllTransactions', [], (devnet) => {
    devnet.pool.remove();
    return null;
  }),
  anvil_nodeInfo: method([], ({ chain, clientVersion, devnet }) => {
    const { header, hash } = chain.head();
    const { fork } = chain.config.forkAt(header.number, header.timestamp);
    return {
      currentBlockNumber: toQuantity(header.number),
      currentBlockTimestamp: Number(header.timestamp),
      currentBlockHash: toHex(hash),
      hardFork: fork,
      transactionOrder: 'fees',
      environment: {
        baseFee: toQuantity(chain.nextBaseFee() ?? 0n),
        chainId: Number(chain.config.chainId),
        gasLimit: toQuantity(devnet?.nextAttributes().gasLimit ?? header.gasLimit),
        gasPrice: toQuantity(chain.nextBaseFee() ?? 0n),
      },
      clientVersion,
    };
  }),
  anvil_metadata: method([], ({ chain, clientVersion }) => {
    const { header, hash } = chain.head();
    return {
      clientVersion,
      chainId: Number(chain.config.chainId),
      instanceId: toHex(chain.genesis.hash),
      latestBlockNumber: Number(header.number),
      latestBlockHash: toHex(hash),
    };
  }),
};
