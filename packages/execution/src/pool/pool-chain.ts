import type { Fork } from '@basalt/evm';
import type { Block } from '../block/types.ts';
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
export function poolChainOf(
  chain: Pick<Chain, 'config' | 'head' | 'stateAt' | 'nextBaseFee'>,
  nowSeconds: () => bigint,
): PoolChain {
  /** Everything but the state, which a developer may change between two blocks. */
  let known: Omit<PoolHead, 'state'> | undefined;
  let knownFor: { readonly block: Block; readonly now: bigint } | undefined;
  return {
    chainId: chain.config.chainId,
    next() {
      const block = chain.head();
      const now = nowSeconds();
      const state = chain.stateAt(Number(block.header.number));
      if (state === undefined) throw new Error('the state of the head is always there');
      // Asked three times for each transaction that comes: base fees and forks are not free.
      if (known === undefined || knownFor?.block !== block || knownFor.now !== now) {
        known = rulesAfter(chain, block, now);
        knownFor = { block, now };
      }
      return { ...known, state };
    },
  };
}

function rulesAfter(
  chain: Pick<Chain, 'config' | 'nextBaseFee'>,
  { header }: Block,
  now: bigint,
): Omit<PoolHead, 'state'> {
  const number = header.number + 1n;
  const timestamp = now > header.timestamp ? now : header.timestamp + 1n;
  const { fork, blobs } = chain.config.forkAt(number, timestamp);
  return {
    number,
    fork,
    baseFee: chain.nextBaseFee() ?? 0n,
    gasLimit: header.gasLimit,
    blobsMax: blobs?.max ?? 0,
  };
}
