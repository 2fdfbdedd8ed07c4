import type { Fork } from '@basalt/evm';
import type { Chain } from '../chain/types.ts';
import type { StateView } from '../state/types.ts';

/** What a pool has to know of the block that comes next. */
export interface PoolHead {
  readonly number: bigint;
  readonly fork: Fork;
  /** After the newest block. */
  readonly state: Pick<StateView, 'readAccount' | 'readCode'>;
  /** 0 before London. */
  readonly baseFee: bigint;
  readonly gasLimit: bigint;
  /** Blobs of one block at most; 0 before Cancun. */
  readonly blobsMax: number;
}

/** The chain as a pool sees it. */
export interface PoolChain {
  readonly chainId: bigint;
  next(): PoolHead;
}

/** @param nowSeconds what the clock of the chain shows: forks go by it */
export function poolChainOf(chain: Chain, nowSeconds: () => bigint): PoolChain {
  return {
    chainId: chain.config.chainId,
    next() {
      const { header } = chain.head();
      const number = header.number + 1n;
      const now = nowSeconds();
      const timestamp = now > header.timestamp ? now : header.timestamp + 1n;
      const { fork, blobs } = chain.config.forkAt(number, timestamp);
      const state = chain.stateAt(Number(header.number));
      if (state === undefined) throw new Error('the state of the head is always there');
      return {
        number,
        fork,
        state,
        baseFee: chain.nextBaseFee() ?? 0n,
        gasLimit: header.gasLimit,
        blobsMax: blobs?.max ?? 0,
      };
    },
  };
}
