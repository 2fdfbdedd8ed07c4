import type { BlockEnvironment } from '@basalt/evm';
import type { Services } from '../services.ts';

/** Seconds that the next block is expected after the head where no devnet says. */
const BLOCK_SECONDS = 1n;

/** What transactions of the next block would see of it, as far as that can be known. */
export function nextEnvironment({ chain, devnet }: Services): BlockEnvironment {
  const { header } = chain.head();
  const attributes = devnet?.nextAttributes();
  const timestamp = attributes?.timestamp ?? header.timestamp + BLOCK_SECONDS;
  const environment = chain.environment(header);
  return {
    ...environment,
    number: header.number + 1n,
    timestamp,
    coinbase: attributes?.coinbase ?? environment.coinbase,
    gasLimit: attributes?.gasLimit ?? environment.gasLimit,
    baseFee: attributes?.baseFee ?? chain.nextBaseFee() ?? 0n,
    prevRandao: attributes?.prevRandao ?? environment.prevRandao,
    blobBaseFee: chain.nextBlobBaseFee(timestamp) ?? 0n,
  };
}
