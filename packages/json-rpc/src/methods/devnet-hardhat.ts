import { toHex } from '../params/hex.ts';
import { devnetMethod, dropTransaction, settersWith } from './devnet-actions.ts';
import type { Method, MethodFamily } from './method.ts';
import { method } from './method.ts';

const setters: MethodFamily = Object.fromEntries(
  Object.entries(settersWith(true)).map(([verb, build]): [string, Method] => {
    const name = `hardhat_${verb}`;
    return [name, build(name)];
  }),
);

/** The Hardhat node's names. */
export const DEVNET_HARDHAT: MethodFamily = {
  ...setters,
  hardhat_dropTransaction: dropTransaction('hardhat_dropTransaction'),
  hardhat_getAutomine: devnetMethod(
    'hardhat_getAutomine',
    [],
    (devnet) => devnet.mining().mode === 'instant',
  ),
  hardhat_metadata: method([], ({ chain, clientVersion }) => {
    const head = chain.head();
    return {
      clientVersion,
      chainId: Number(chain.config.chainId),
      instanceId: toHex(chain.genesis.hash),
      latestBlockNumber: Number(head.header.number),
      latestBlockHash: toHex(head.hash),
    };
  }),
};
