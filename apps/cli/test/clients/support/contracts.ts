import { join } from 'node:path';
import {
  type CompiledContract,
  compileFolder,
  shippedContract,
} from '../../../../../tools/testing/solidity.ts';

const FOLDER = join(import.meta.dirname, '..', 'contracts');

export type OwnContract = 'Batch' | 'BlobKeeper' | 'Delegate' | 'Failures' | 'TestToken';

/** A contract of `contracts/`, compiled now or before. */
export function ownContract(name: OwnContract): CompiledContract {
  const found = compileFolder(FOLDER).get(name);
  if (found === undefined) throw new Error(`no contract ${name} in ${FOLDER}`);
  return found;
}

/** Uniswap v2 as its package ships it. */
export function uniswapV2(name: 'UniswapV2Factory' | 'UniswapV2Pair'): CompiledContract {
  return shippedContract(`@uniswap/v2-core/build/${name}.json`);
}

/** Uniswap v3 as its package ships it. */
export function uniswapV3(name: 'UniswapV3Factory' | 'UniswapV3Pool'): CompiledContract {
  return shippedContract(`@uniswap/v3-core/artifacts/contracts/${name}.sol/${name}.json`);
}

/** ERC-4337 as its package ships it. */
export function accountAbstraction(
  name: 'EntryPoint' | 'SimpleAccount' | 'SimpleAccountFactory',
): CompiledContract {
  return shippedContract(`@account-abstraction/contracts/artifacts/${name}.json`);
}
