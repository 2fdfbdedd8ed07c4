import { BASALT, DEVNET_BASALT } from './basalt.ts';
import { CHAIN_CONFIG } from './chain-config.ts';
import { DEBUG } from './debug.ts';
import { DEVNET_ANVIL } from './devnet-anvil.ts';
import { DEVNET_EVM } from './devnet-evm.ts';
import { DEVNET_HARDHAT } from './devnet-hardhat.ts';
import { ETH_CALL } from './eth-call.ts';
import { ETH_CHAIN } from './eth-chain.ts';
import { ETH_FEES } from './eth-fees.ts';
import { ETH_FILTERS } from './eth-filters.ts';
import { ETH_STATE } from './eth-state.ts';
import { ETH_KEYS, ETH_TRANSACTIONS } from './eth-transactions.ts';
import type { Method } from './method.ts';
import { NODE_INFO } from './node-info.ts';
import { TESTING } from './testing.ts';
import { TXPOOL } from './txpool.ts';

/** Every method that a chain answers. */
const CHAIN_METHODS = {
  ...ETH_CHAIN,
  ...ETH_STATE,
  ...ETH_CALL,
  ...ETH_FEES,
  ...ETH_TRANSACTIONS,
  ...ETH_FILTERS,
  ...CHAIN_CONFIG,
  ...NODE_INFO,
  ...TXPOOL,
  ...DEBUG,
  ...TESTING,
};

/** What only somebody's own chain lets them do. */
const DEVNET_METHODS = {
  ...ETH_KEYS,
  ...DEVNET_EVM,
  ...DEVNET_HARDHAT,
  ...DEVNET_ANVIL,
  ...DEVNET_BASALT,
};

/** The methods that are there, by name; the names of all others are refused alike. */
export function methodTable(has: {
  readonly devnet: boolean;
  readonly proofs: boolean;
}): ReadonlyMap<string, Method> {
  return new Map<string, Method>([
    ...Object.entries(CHAIN_METHODS),
    ...Object.entries(has.proofs ? BASALT : {}),
    ...Object.entries(has.devnet ? DEVNET_METHODS : {}),
  ]);
}
