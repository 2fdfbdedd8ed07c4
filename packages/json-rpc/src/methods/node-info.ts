import { keccak256 } from '@basalt/evm';
import { bytes } from '../params/decode.ts';
import { toHex } from '../params/hex.ts';
import { type MethodFamily, method } from './method.ts';

/** Who answers here. */
export const NODE_INFO: MethodFamily = {
  net_version: method([], ({ chain }) => chain.config.chainId.toString()),
  net_listening: method([], () => true),
  // The chain's blocks travel with its ledger; there are no peers of its own.
  net_peerCount: method([], () => '0x0'),
  web3_clientVersion: method([], ({ clientVersion }) => clientVersion),
  web3_sha3: method([bytes], (_context, value) => toHex(keccak256(value))),
};
