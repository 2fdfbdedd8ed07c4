/** Blocks of the fuzzer's random contracts: one state, and calls that other cases brought along. */
import { type FuzzCase, generateCase } from '../../fuzz/generate-case.ts';
import { createRandom } from '../../fuzz/random.ts';
import type { MemoryState } from '../../src/state/memory-state.ts';
import {
  FIXTURE_FORKS,
  readBlock,
  readPreState,
  readTransaction,
} from '../../src/state-test/fixture.ts';
import type { Transaction } from '../../src/transaction/types.ts';
import type { Fork } from '../../src/types.ts';
import { address } from './machine.ts';
import type { Block } from './parallel-machine.ts';

const ONLY = { data: 0, gas: 0, value: 0 };
const ETHER = 10n ** 18n;

export interface RandomBlock {
  readonly fork: Fork;
  /** The state before the block, made anew at each call. */
  readonly createState: () => MemoryState;
  readonly block: Block;
}

/** Cases by fork, so that a block's transactions are of its fork. */
export function makeRandomBlocks(seed: number, cases: number, size: number): RandomBlock[] {
  const byFork = new Map<string, FuzzCase[]>();
  for (let index = 0; index < cases; index++) {
    const made = generateCase(createRandom(seed, index), `case ${index}`);
    byFork.set(made.forkName, [...(byFork.get(made.forkName) ?? []), made]);
  }
  const blocks: RandomBlock[] = [];
  for (const [forkName, all] of byFork) {
    for (let first = 0; first < all.length; first += size) {
      const row = all.slice(first, first + size);
      const [case0] = row;
      const fork = FIXTURE_FORKS[forkName];
      if (case0 === undefined || fork === undefined) continue;
      const environment = readBlock(case0.test, forkName, fork);
      const transactions = [...row, ...row].map((each, index) => moved(each, index));
      const createState = (): MemoryState => {
        const state = readPreState(case0.test);
        transactions.forEach((_, index) => {
          state.setAccount(senderOf(index), { balance: ETHER });
        });
        return state;
      };
      blocks.push({ fork, createState, block: { environment, transactions } });
    }
  }
  return blocks;
}

function senderOf(index: number): Uint8Array {
  return address(0x5e4de4 + index);
}

/** Every transaction has a sender of its own, some the one of the transaction before. */
function moved({ test }: FuzzCase, index: number): Transaction {
  const transaction = readTransaction(test.transaction, ONLY);
  const isSecond = index % 5 === 4;
  return {
    ...transaction,
    sender: senderOf(isSecond ? index - 1 : index),
    nonce: isSecond ? 1n : 0n,
  };
}
