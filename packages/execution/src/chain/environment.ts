import type { BlockEnvironment } from '@basalt/evm';
import type { BlockHeader } from '../block/types.ts';
import { blobBaseFee } from './blob-gas.ts';
import type { ChainConfig } from './types.ts';

/** Fields of a header that transactions can see. */
export type VisibleHeader = Pick<
  BlockHeader,
  | 'number'
  | 'timestamp'
  | 'coinbase'
  | 'gasLimit'
  | 'baseFee'
  | 'mixHash'
  | 'difficulty'
  | 'excessBlobGas'
>;

/** What a block's transactions see of it (Yellow Paper, section 9.3). */
export function environmentOf(header: VisibleHeader, config: ChainConfig): BlockEnvironment {
  const { number, timestamp, coinbase, gasLimit, difficulty } = header;
  const { blobs } = config.forkAt(number, timestamp);
  return {
    number,
    timestamp,
    coinbase,
    gasLimit,
    baseFee: header.baseFee ?? 0n,
    prevRandao: header.mixHash,
    difficulty,
    blobBaseFee: blobs === undefined ? 0n : blobBaseFee(header.excessBlobGas ?? 0n, blobs),
    chainId: config.chainId,
  };
}
