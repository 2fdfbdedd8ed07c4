import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Block } from '../../src/block/types.ts';
import type { Chain } from '../../src/chain/types.ts';
import { poolChainOf } from '../../src/pool/pool-chain.ts';
import type { StateView } from '../../src/state/types.ts';

function blockAt(number: bigint, timestamp: bigint): Block {
  return { header: { number, timestamp, gasLimit: 30_000_000n + number } } as Block;
}

test('the chain as a pool sees it: rules of the next block, by the clock; the state of now', () => {
  let head = blockAt(4n, 100n);
  let now = 90n;
  let state = { number: 4 } as StateView;
  const fees: { base: bigint | undefined } = { base: undefined };
  const asked: [bigint, bigint][] = [];
  const chain = {
    head: () => head,
    stateAt: () => state,
    nextBaseFee: () => fees.base,
    config: {
      chainId: 7n,
      forkAt(number: bigint, timestamp: bigint) {
        asked.push([number, timestamp]);
        return timestamp < 200n
          ? { fork: 'shanghai', blobs: undefined }
          : { fork: 'cancun', blobs: { target: 3, max: 6, baseFeeUpdateFraction: 1n } };
      },
    },
  } as unknown as Pick<Chain, 'config' | 'head' | 'stateAt' | 'nextBaseFee'>;
  const pool = poolChainOf(chain, () => now);
  assert.equal(pool.chainId, 7n);
  assert.deepEqual(pool.next(), {
    number: 5n,
    fork: 'shanghai',
    baseFee: 0n,
    gasLimit: 30_000_004n,
    blobsMax: 0,
    state,
  });
  state = { number: 4 } as StateView;
  assert.equal(pool.next().state, state);
  assert.deepEqual(asked, [[5n, 101n]], 'asked once for one block and one second');
  now = 200n;
  assert.deepEqual([pool.next().fork, pool.next().blobsMax], ['cancun', 6]);
  head = blockAt(5n, 200n);
  fees.base = 9n;
  assert.deepEqual([pool.next().number, pool.next().baseFee], [6n, 9n]);
  assert.deepEqual(asked, [
    [5n, 101n],
    [5n, 200n],
    [6n, 201n],
  ]);
});
